"""Device configurations, their assignments and the assignment filters of the emulated Graph.

Source: facts.md §1. What the sources leave open is a switch of the tenant (`duplicates`, `drops_filters`) and not a
guess.
"""

from collections.abc import Mapping

from starlette.responses import Response

from sandbox.assignment_types import GUID, assignment_response, listed, read_assignment, read_json, without_filter
from sandbox.graph_call import Call
from sandbox.graph_errors import GraphError, intune_error
from sandbox.odata import check_options, collection, entity_response, filtered, json_response, ordered, page, selected
from sandbox.tenant import Assignment, Entity, Tenant


class Intune:
    """Answers below `/deviceManagement`; every method takes the ids as they stand in the path."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    def list_configurations(self, call: Call) -> Response:
        """`$filter` heeds case here: nobody has shown that Intune's comparison does not."""
        check_options(call, ["$filter", "$select", "$expand", "$orderby", "$top", "$skiptoken"])
        found = ordered(call, filtered(call, self._tenant.configurations.values(), ignore_case=False))
        entities, next_link = page(call, found, self._tenant.page_size)
        return collection(call, [self._shaped(call, one) for one in entities], next_link)

    def get_configuration(self, call: Call, configuration: str) -> Response:
        """One configuration, on request with its assignments."""
        check_options(call, ["$select", "$expand"])
        return entity_response(call, self._shaped(call, self._known(configuration)))

    def list_assignments(self, call: Call, configuration: str) -> Response:
        """All assignments of one configuration, in pages."""
        check_options(call, ["$top", "$skiptoken"])
        assignments = self._assignments(configuration).values()
        members = [listed(one, configuration.lower(), call.version) for one in assignments]
        entities, next_link = page(call, members, self._tenant.page_size)
        return collection(call, entities, next_link)

    def get_assignment(self, call: Call, configuration: str, assignment: str) -> Response:
        """One assignment, written as the answer to its creation is."""
        stored = self._stored(configuration, assignment)
        return assignment_response(stored, configuration.lower(), call.version, 200)

    def create_assignment(self, call: Call, configuration: str) -> Response:
        """Add one assignment. Intune accepts a group that does not exist, and so does this (facts.md §1)."""
        stored = self._assignments(configuration)
        sent = self._read(call, read_json(call), configuration)
        self._tenant.approvals.check(call)
        if sent.id in stored:
            self._refuse_duplicate(call)
        stored[sent.id] = sent
        return assignment_response(sent, configuration.lower(), call.version, 201)

    def delete_assignment(self, call: Call, configuration: str, assignment: str) -> Response:
        """Take one assignment away."""
        stored = self._stored(configuration, assignment)
        self._tenant.approvals.check(call)
        del self._assignments(configuration)[stored.id]
        return Response(status_code=204)

    def assign(self, call: Call, configuration: str) -> Response:
        """Replace the whole set: what the action `/assign` really does, and why the gateway never calls it."""
        self._assignments(configuration)
        sent = read_json(call).get("assignments")
        if not isinstance(sent, list) or not all(isinstance(one, dict) for one in sent):
            raise intune_error(400, "BadRequest", "The parameter 'assignments' is missing.")
        replacing = [self._read(call, one, configuration) for one in sent]
        self._tenant.approvals.check(call)
        self._tenant.assignments[configuration.lower()] = {one.id: one for one in replacing}
        return json_response({"value": [listed(one, configuration.lower(), call.version) for one in replacing]})

    def list_filters(self, call: Call) -> Response:
        """All assignment filters, which only beta has."""
        check_options(call, ["$filter", "$select", "$orderby", "$top", "$skiptoken"])
        found = ordered(call, filtered(call, self._tenant.filters.values(), ignore_case=False))
        entities, next_link = page(call, found, self._tenant.page_size)
        return collection(call, [_selected_filter(call, one) for one in entities], next_link)

    def get_filter(self, call: Call, identifier: str) -> Response:
        """One assignment filter."""
        check_options(call, ["$select"])
        return entity_response(call, _selected_filter(call, _by_id(self._tenant.filters, identifier)))

    def _shaped(self, call: Call, configuration: Entity) -> Entity:
        """Apply `$select` and `$expand=assignments`."""
        shaped = selected(call, configuration, "deviceConfiguration")
        expand = call.query.get("$expand")
        if expand is None:
            return shaped
        if expand != "assignments":
            raise GraphError(400, "BadRequest", f"Parsing OData Select and Expand failed: '{expand}' is not known.")
        identifier = str(configuration["id"])
        path = f"deviceManagement/deviceConfigurations/{identifier}/assignments"
        context = f"{call.context}#deviceManagement/deviceConfigurations('{identifier}')/assignments"
        members = [listed(one, identifier, call.version) for one in self._tenant.assignments[identifier].values()]
        size = self._tenant.page_size
        expanded = {**shaped, "assignments@odata.context": context, "assignments": members[:size]}
        if len(members) > size:
            expanded["assignments@odata.nextLink"] = f"{call.base}/{call.version}/{path}?$skiptoken={size}"
        return expanded

    def _read(self, call: Call, body: Entity, configuration: str) -> Assignment:
        """Read an assignment that was sent; this Graph may leave its filter out without a word."""
        sent = read_assignment(body, configuration.lower(), call.version)
        return without_filter(sent) if self._tenant.drops_filters else sent

    def _known(self, configuration: str) -> Entity:
        return _by_id(self._tenant.configurations, configuration)

    def _assignments(self, configuration: str) -> dict[str, Assignment]:
        return self._tenant.assignments[str(self._known(configuration)["id"])]

    def _stored(self, configuration: str, assignment: str) -> Assignment:
        stored = self._assignments(configuration).get(assignment)
        if stored is None:
            raise intune_error(404, "ResourceNotFound")
        return stored

    def _refuse_duplicate(self, call: Call) -> None:
        """Answer a second POST for one slot as the tenant's switch says: what Graph does is open (facts.md §1).

        One that lands late changes nothing.
        """
        message = "An assignment for this target already exists."
        match "409" if call.late else self._tenant.duplicates:
            case "409":
                raise intune_error(409, "Conflict", message)
            case "400":
                raise intune_error(400, "BadRequest", message)
            case "201":
                return


def _by_id(entities: Mapping[str, Entity], identifier: str) -> Entity:
    """Find by id, without regard to case: 400 for what is no GUID, 404 for a GUID that nobody has."""
    if not GUID.fullmatch(identifier):
        raise intune_error(400, "BadRequest")
    if one := entities.get(identifier.lower()):
        return one
    raise intune_error(404, "ResourceNotFound")


def _selected_filter(call: Call, one: Entity) -> Entity:
    return selected(call, one, "deviceAndAppManagementAssignmentFilter")
