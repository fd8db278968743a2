"""What is wrong with a document, in our own words: each field by its path, and the rule that it breaks. Pure."""

from pydantic import AfterValidator, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from shared.details import FieldError

_WORDS = {
    "bool_type": "must be true or false",
    "dict_type": "must be a JSON object",
    "extra_forbidden": "is not known here",
    "greater_than_equal": "must be at least {ge}",
    "int_type": "must be a whole number",
    "less_than_equal": "must be at most {le}",
    "list_type": "must be a list",
    "literal_error": "must be {expected}",
    "missing": "is required",
    "model_attributes_type": "must be a JSON object",
    "model_type": "must be a JSON object",
    "string_pattern_mismatch": "must match {pattern}",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "string_type": "must be a string",
    "too_short": "must not be empty",
    "union_tag_invalid": "must name as {discriminator} one of {expected_tags}",
    "union_tag_not_found": "must have a {discriminator}",
}


def one_of(*names: str) -> AfterValidator:
    """Make the validator of a string that must be one of these names, to stand in an `Annotated`."""

    def check(value: str) -> str:
        if value not in names:
            raise PydanticCustomError("choice", "must be one of {names}", {"names": ", ".join(names)})
        return value

    return AfterValidator(check)


def field_errors(error: ValidationError) -> list[FieldError]:
    """Give one error per mistake; the document itself is called `(document)`."""
    mistakes = error.errors(include_input=False, include_url=False)
    return [FieldError(".".join(map(str, each["loc"])) or "(document)", _words(each)) for each in mistakes]


def _words(mistake: ErrorDetails) -> str:
    words = _WORDS.get(mistake["type"])
    return words.format(**mistake.get("ctx", {})) if words else mistake["msg"]
