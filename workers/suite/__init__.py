"""The pytest suite of a structural spec: every expectation comes from the spec, none from the code under test.

`gerar_suite(spec, modelo)` is the way in. `samples`, `objects`, `calls` and `designs` choose what to test with;
`simulation` says what must come of it; `construction`, `fields`, `methods`, `rows`, `refusals`, `contracts`, `checks`,
`machines` and `package` write tests; `printing`, `strategies`, `support` and `view` put them down.
"""

from workers.suite.generate import gerar_suite

__all__ = ["gerar_suite"]
