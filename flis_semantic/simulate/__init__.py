"""Deliveries for trying: recipes of the project, written as files in the contract's form. Never mixed up with real ones."""

from flis_semantic.simulate.demo import Demo, NextCommand, Question, load_demo
from flis_semantic.simulate.recipe import SimulatedFile, recipes, simulate

__all__ = ["Demo", "NextCommand", "Question", "SimulatedFile", "load_demo", "recipes", "simulate"]
