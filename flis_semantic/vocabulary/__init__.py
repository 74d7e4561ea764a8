"""The words of one project: reporting units, calendars, units of measurement, dimensions."""
