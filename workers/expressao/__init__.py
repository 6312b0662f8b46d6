"""The language of conditions: Python expressions, restricted, typed, and never run as code.

Text goes through `analise.analisar` (allow-list, names, types) and becomes a tree (`arvore`). The tree is evaluated
over
plain data (`avaliador.avaliar`) and printed as Python source (`impressor.Impressor`); both have the same meaning, and a
property test holds them together. `mundo` says what an expression may refer to, `funcoes` what it may call, `regex`
which
patterns are safe, `narrowing` what a condition says about None.
"""
