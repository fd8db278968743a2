"""The templates keep our rules, and no property that a rule guards can go without the rule noticing."""

import pytest

from tests.infra.guarded import GUARDED
from tests.infra.mutations import Mutation, guarded_mutations, lines_of, other_mutations
from tests.infra.policy import by_rule, findings
from tests.infra.templates import INFRA, ROOT, expression, parse, templates, texts

MUTATIONS = [*guarded_mutations(), *other_mutations()]


def test_the_templates_keep_every_rule() -> None:
    assert findings(templates()) == []


def test_every_template_is_looked_at() -> None:
    files = {str(file.relative_to(ROOT)) for file in INFRA.rglob("*.bicep")}
    assert files
    assert files <= templates().keys()


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.what)
def test_no_guarded_property_can_go_or_be_another(mutation: Mutation) -> None:
    assert mutation.text != texts()[mutation.file]
    assert set(findings({**templates(), mutation.file: parse(mutation.file, mutation.text)})) > set(
        findings(templates())
    )


def test_every_rule_has_a_mutation_that_it_alone_notices() -> None:
    changes = [next(guarded_mutations()), *other_mutations()]
    changed = [{**templates(), each.file: parse(each.file, each.text)} for each in changes]
    noticed = {tuple(rule for rule, found in by_rule(each).items() if found) for each in changed}
    assert {(rule,) for rule in by_rule(templates())} <= noticed


def test_every_row_is_about_something_and_stands_where_the_mutations_look() -> None:
    for row in GUARDED:
        concerned = [each for template in templates().values() for each in template.resources if row.concerns(each)]
        assert concerned, row
        for resource in concerned:
            lines = texts()[resource.file].splitlines()[lines_of(resource, row.path)]
            assert expression("\n".join(lines).partition(":")[2].strip()) == expression(row.value), row
