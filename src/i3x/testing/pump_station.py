"""The model: a pump station that is just big enough to show every feature of the standard once."""

from __future__ import annotations

from typing import Any

from .address_space import AddressSpace, Element, Namespace, ObjectType, RelationshipType, Traits
from .signals import Profile, constant, counter, cycle, record, wave

EQUIPMENT = "https://example.com/pump-station/equipment"
MEASUREMENTS = "https://example.com/pump-station/measurements"
RELATIONSHIPS = "https://example.com/pump-station/relationships"

ODD_ID = "Förderpumpe 7/Druck #1?50%;ns=2:ß"
"""An element id with everything in it that an address would have to escape."""

_NUMBER: dict[str, Any] = {"type": "number"}
_STRING: dict[str, Any] = {"type": "string"}
_BOOLEAN: dict[str, Any] = {"type": "boolean"}


class PumpStation:
    """The address space of the pump station, and for each object how its value comes about."""

    def __init__(self, objects: int = 0) -> None:
        self.space = AddressSpace(_namespaces(), _object_types(), _relationship_types())
        self.profiles: dict[str, Profile] = {}
        self._station()
        self._sensors()
        self._pumps()
        self._tanks()
        self._oddities()
        self._graph()
        self._fill(objects)

    def _station(self) -> None:
        self._add(
            Element("station-1", "Pump Station", "type-station"),
            Profile(record(name="Pump Station North", commissioned="2019-05-02T00:00:00Z", staffed=False)),
            Traits(description="Lifts raw water from the intake into the two tanks"),
        )

    def _sensors(self) -> None:
        # A live object comes first: whoever takes a few objects as a sample then sees one whose value changes.
        self._leaf(
            "temp-sensor-101",
            "TempSensor-101",
            "type-temperature",
            Profile(wave(16.0, 1.5, phase=0.25), live=True),
            "°C",
        )
        self._leaf("sensor-001", "Inlet Temperature", "type-temperature", Profile(wave(18.5, 2.0)), "°C")
        self._leaf("sensor-002", "Inlet Pressure", "type-pressure", Profile(wave(3.2, 0.4)), "bar")
        self._leaf(
            "meter-301", "Delivered Volume", "type-counter", Profile(counter(125_000), live=True), "m³"
        )
        self._leaf("valve-401", "Outlet Valve Open", "type-switch", Profile(cycle(True, False), live=True))
        self._leaf(
            "mode-501", "Operating Mode", "type-mode", Profile(cycle("auto", "manual", "off", hold=30))
        )

    def _pumps(self) -> None:
        plate = {"manufacturer": "Nordwerk", "running": True, "mode": "auto"}
        self._add(
            Element("pump-101", "Pump 101", "type-pump", "station-1", is_composition=True),
            Profile(record(**plate, serialNumber="NW-4711", speed=wave(1480, 12)), live=True),
            Traits(description="Duty pump"),
        )
        self._parts_of_pump_101()
        self._add(
            Element("pump-102", "Pump 102", "type-pump", "station-1", is_extended=True),
            Profile(record(**plate, serialNumber=None, speed=0.0, energyRating="A", retrofits=[2021, 2024])),
            Traits(description="Standby pump, retrofitted on site", schema_extensions=_RETROFIT),
        )

    def _parts_of_pump_101(self) -> None:
        self._add(
            Element("pump-101-motor", "Motor", "type-motor", "pump-101", is_composition=True),
            Profile(record(ratedPower=45.0, current=wave(61.0, 3.0, period=40))),
            component=True,
        )
        self._leaf(
            "pump-101-flow", "Flow", "type-flow", Profile(wave(210, 15), live=True), "m³/h", of="pump-101"
        )
        bearing = Element("pump-101-bearing-de", "Bearing DE", "type-bearing", "pump-101-motor")
        measured = record(temperature=wave(54, 4), vibration=wave(1.8, 0.3), spectrum=[0.12, 0.7, 0.05])
        self._add(bearing, Profile(measured, live=True), component=True)
        bearing = Element("pump-101-bearing-nde", "Bearing NDE", "type-bearing", "pump-101-motor")
        unmeasured = record(temperature=wave(51, 3), vibration=None)
        self._add(bearing, Profile(unmeasured), component=True)
        self._leaf(
            "pump-101-winding",
            "Winding Temperature",
            "type-temperature",
            Profile(wave(71, 6), live=True),
            "°C",
            of="pump-101-motor",
        )

    def _tanks(self) -> None:
        for number, composition in ((201, True), (202, False)):
            filled = record(
                manufacturer="Kesselbau", serialNumber=f"KB-{number}", capacity=500.0, level=wave(63, 20, 90)
            )
            self._add(
                Element(
                    f"tank-{number}", f"Tank {number}", "type-tank", "station-1", is_composition=composition
                ),
                Profile(filled, live=True),
            )
        self._leaf("tank-201-level", "Level", "type-level", Profile(wave(63, 20, 90)), "%", of="tank-201")

    def _oddities(self) -> None:
        self._leaf(ODD_ID, "Förderdruck", "type-pressure", Profile(wave(6.1, 0.2)), "bar")
        self._leaf(
            "sensor-bad", "Broken Sensor", "type-pressure", Profile(constant(None), lambda _: "Bad"), "bar"
        )
        self._leaf(
            "sensor-idle", "Unused Input", "type-flow", Profile(constant(None), lambda _: "GoodNoData")
        )
        self._leaf(
            "sensor-drifting",
            "Turbidity",
            "type-turbidity",
            Profile(wave(0.8, 0.1), lambda _: "Uncertain"),
            "NTU",
        )
        self._add(
            Element("legacy-plc", "Legacy Controller", "UnknownType", "station-1"),
            Profile(record(register=[17, 4], firmware="2.11")),
            Traits(description="Of a type that this server was never told", writable=False),
        )
        self._add(
            Element("volume-stored", "Stored Volume", "type-volume", "station-1"),
            Profile(wave(630, 40, 90)),
            Traits("m³", "Computed from the tank levels, so it cannot be written", writable=False),
        )
        self._add(Element("weather", "Rain Gauge", "type-rain"), Profile(wave(1.5, 1.5)), Traits("mm/h"))

    def _graph(self) -> None:
        # Recirculation makes the graph a cycle: whoever walks it has to notice.
        for source, target in (
            ("pump-101", "tank-201"),
            ("tank-201", "pump-102"),
            ("pump-102", "tank-202"),
            ("tank-202", "pump-101"),
        ):
            self.space.relate(source, "SuppliesTo", target)
        self.space.relate("temp-sensor-101", "Monitors", "tank-201")
        self.space.relate("sensor-001", "Monitors", "pump-101")
        self.space.relate("sensor-002", "Monitors", "pump-101")
        self.space.relate("weather", "Monitors", "station-1")

    def _fill(self, objects: int) -> None:
        shared = [Profile(wave(20 + index % 10, 1 + index % 7, phase=index / 100)) for index in range(100)]
        traits = Traits("°C")
        for index in range(objects):
            element_id = f"field-sensor-{index:06d}"
            element = Element(element_id, f"Field Sensor {index}", "type-temperature", "station-1")
            self.space.add(element, traits)
            self.profiles[element_id] = shared[index % len(shared)]

    def _leaf(
        self,
        element_id: str,
        name: str,
        kind: str,
        profile: Profile,
        unit: str | None = None,
        *,
        of: str | None = None,
    ) -> None:
        element = Element(element_id, name, kind, of or "station-1")
        self._add(element, profile, Traits(unit), component=of is not None)

    def _add(
        self, element: Element, profile: Profile, traits: Traits | None = None, *, component: bool = False
    ) -> None:
        self.space.add(element, traits or Traits(), component=component)
        self.profiles[element.element_id] = profile


def _namespaces() -> list[Namespace]:
    return [
        Namespace(EQUIPMENT, "Equipment"),
        Namespace(MEASUREMENTS, "Measurements"),
        Namespace(RELATIONSHIPS, "Relationships"),
    ]


def _relationship_types() -> list[RelationshipType]:
    pairs = (
        ("HasParent", "HasChildren"),
        ("ComponentOf", "HasComponent"),
        ("SuppliesTo", "SuppliedBy"),
        ("Monitors", "MonitoredBy"),
    )
    return [
        RelationshipType(name, name, RELATIONSHIPS, name, reverse)
        for pair in pairs
        for name, reverse in (pair, pair[::-1])
    ]


_EQUIPMENT_FIELDS: dict[str, Any] = {
    "manufacturer": _STRING,
    "serialNumber": {"type": ["string", "null"], "description": "null where the plate is missing"},
}
_PUMP_FIELDS: dict[str, Any] = {
    "running": _BOOLEAN,
    "speed": {"type": "number", "minimum": 0, "description": "revolutions per minute"},
    "mode": {"type": "string", "enum": ["auto", "manual", "off"]},
}
_TANK_FIELDS: dict[str, Any] = {
    "capacity": {"type": "number", "minimum": 0, "description": "cubic metres"},
    "level": {"type": "number", "minimum": 0, "maximum": 100, "description": "per cent"},
}
_BEARING_FIELDS: dict[str, Any] = {
    "temperature": _NUMBER,
    "vibration": {"type": ["number", "null"], "description": "mm/s; null where nothing is mounted"},
    "spectrum": {"type": "array", "items": _NUMBER},
}
_RETROFIT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "energyRating": {"type": "string", "enum": ["A", "B", "C"]},
        "retrofits": {"type": "array", "items": {"type": "integer"}},
    },
}
_INHERITS_EQUIPMENT: dict[str, Any] = {"relationshipType": "InheritsFrom", "types": ["type-equipment"]}


def _object_types() -> list[ObjectType]:
    return [*_structured_types(), *_scalar_types()]


def _structured_types() -> list[ObjectType]:
    station = {
        "name": _STRING,
        "commissioned": {"type": "string", "format": "date-time"},
        "staffed": _BOOLEAN,
    }
    motor = {"ratedPower": {"type": "number", "description": "kW"}, "current": _NUMBER}
    # Inherited fields are spelled out in the heirs: the standard has servers send schemas expanded.
    pump = _EQUIPMENT_FIELDS | _PUMP_FIELDS
    tank = _EQUIPMENT_FIELDS | _TANK_FIELDS
    return [
        _structured("type-equipment", "Equipment", _EQUIPMENT_FIELDS, ["manufacturer"]),
        _structured("type-station", "Station", station, ["name"]),
        _structured("type-pump", "Pump", pump, ["manufacturer", *_PUMP_FIELDS], _INHERITS_EQUIPMENT),
        _structured("type-tank", "Tank", tank, ["manufacturer", *_TANK_FIELDS], _INHERITS_EQUIPMENT),
        _structured("type-motor", "Motor", motor, ["ratedPower", "current"]),
        _structured("type-bearing", "Bearing", _BEARING_FIELDS, ["temperature"], closed=True),
        ObjectType("UnknownType", "Unknown Type", EQUIPMENT, "UnknownType", {"type": "object"}),
    ]


def _structured(
    element_id: str,
    name: str,
    fields: dict[str, Any],
    required: list[str],
    related: dict[str, Any] | None = None,
    *,
    closed: bool = False,
) -> ObjectType:
    schema: dict[str, Any] = {"type": "object", "title": name, "properties": fields, "required": required}
    if closed:
        schema["additionalProperties"] = False
    return ObjectType(element_id, name, EQUIPMENT, f"{name}Type", schema, "1.2.0", related)


def _scalar_types() -> list[ObjectType]:
    numbers = ("temperature", "pressure", "flow", "turbidity", "volume", "rain")
    schemas: dict[str, dict[str, Any]] = {f"type-{name}": {"type": "number"} for name in numbers}
    schemas["type-level"] = {"type": "number", "minimum": 0, "maximum": 100}
    schemas["type-counter"] = {"type": "integer"}
    schemas["type-switch"] = _BOOLEAN
    schemas["type-mode"] = {"type": "string", "enum": ["auto", "manual", "off"]}
    return [
        ObjectType(
            element_id,
            element_id.removeprefix("type-").title(),
            MEASUREMENTS,
            f"{element_id.removeprefix('type-').title()}Type",
            schema,
            "1.0.0",
        )
        for element_id, schema in schemas.items()
    ]
