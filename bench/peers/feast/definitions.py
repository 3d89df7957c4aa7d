"""Five views of ten features over one file, and one view of three for training sets."""

import os
from datetime import timedelta

from feast import Entity, FeatureService, FeatureView, Field, FileSource, ValueType
from feast.types import Float64, String

entity = Entity(name="entity", join_keys=["entity"], value_type=ValueType.INT64)

rows = FileSource(name="rows", path=os.environ["ROWS_FILE"], timestamp_field="event")
views = [
    FeatureView(
        name=f"view_{view}",
        entities=[entity],
        ttl=timedelta(days=3650),
        schema=[Field(name=f"feature_{view}_{index}", dtype=Float64) for index in range(10)],
        source=rows,
        online=True,
    )
    for view in range(5)
]
globals().update({view.name: view for view in views})
service = FeatureService(name="bench", features=views)

observed = FileSource(name="observed", path=os.environ["OBSERVATIONS_FILE"], timestamp_field="event")
observations = FeatureView(
    name="observations",
    entities=[entity],
    ttl=timedelta(days=7),
    schema=[Field(name="one", dtype=Float64), Field(name="two", dtype=Float64), Field(name="three", dtype=String)],
    source=observed,
    online=False,
)
