"""Deliveries for trying: recipes of the project, written as files in the contract's form. Never mixed up with real ones."""

from flis_semantic.simulate.demo import Demo, NextCommand, Question, load_demo
from flis_semantic.simulate.recipe import recipes
from flis_semantic.simulate.run import SimulatedRun, simulate, simulate_run
from flis_semantic.simulate.writing import SimulatedFile

__all__ = ["Demo", "NextCommand", "Question", "SimulatedFile", "SimulatedRun", "load_demo", "recipes", "simulate", "simulate_run"]
