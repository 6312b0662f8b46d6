"""The structural part of a spec, understood: resolved model, values, bodies, simulation, checks.

`resolver.resolver(spec)` gives the `modelo.Modelo`; `simulacao` runs it; `semantica` looks for contradictions.
"""
