"""Publishes weeks to the warehouse and reports each week to Dagster."""
