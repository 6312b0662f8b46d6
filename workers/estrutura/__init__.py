"""The structural part of a spec, understood: resolved model, values, bodies, checks.

`resolver.resolver(spec)` gives the `modelo.Modelo`; `determinar` gives every method a body; `semantica` looks for
contradictions, by proof (`faixas`) and by running the spec on its examples (`exames`); `escritor` and `nomes` say it
in Python.
"""
