"""What the property tests of the fetch room draw from: likely values first, any bytes after."""

from hypothesis import strategies as st

from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import Engine
from corscope.fetch.preflight import CorsRequest
from corscope.messages import HeaderList, Response

ORIGIN = "https://app.example"
URL = "https://api.example/items"
OMIT, SAME_ORIGIN, INCLUDE = CredentialsMode
ALL_BYTES = [chr(number) for number in range(256)]

modes = st.sampled_from(CredentialsMode)
engines = st.sampled_from(Engine)
any_value = st.binary(max_size=20).map(lambda value: value.decode("latin-1"))
methods = st.sampled_from(["GET", "POST", "PUT", "DELETE", "put", "*"])
header_names = st.sampled_from(["authorization", "content-type", "x-a", "x-b", "*"])

allow_origin_values = st.sampled_from([ORIGIN, "*", "null", "https://other.example", ""])
allow_credentials_values = st.sampled_from(["true", "True", "false", ""])
method_lists = st.lists(methods, max_size=3).map(", ".join)
header_name_lists = st.lists(header_names, max_size=3).map(", ".join)
max_age_values = st.sampled_from(["0", "1", "60", "7200", "-1", "x", ""])

cors_headers = st.one_of(
    st.tuples(st.just("Access-Control-Allow-Origin"), allow_origin_values | any_value),
    st.tuples(st.just("Access-Control-Allow-Credentials"), allow_credentials_values | any_value),
    st.tuples(st.just("Access-Control-Allow-Methods"), method_lists | any_value),
    st.tuples(st.just("Access-Control-Allow-Headers"), header_name_lists | any_value),
    st.tuples(st.just("Access-Control-Expose-Headers"), header_name_lists | any_value),
    st.tuples(st.just("Access-Control-Max-Age"), max_age_values | any_value),
    st.tuples(st.sampled_from(["Content-Type", "X-A", "x-a", "Set-Cookie"]), any_value),
    st.tuples(st.just("Location"), st.sampled_from(["/", "https://u:p@x.example/", "data:,"])),
)
header_lists: st.SearchStrategy[HeaderList] = st.lists(cors_headers, max_size=8).map(tuple)

permitting_headers: st.SearchStrategy[HeaderList] = st.tuples(
    st.sampled_from([ORIGIN, "*"]).map(lambda value: ("Access-Control-Allow-Origin", value)),
    st.just(("Access-Control-Allow-Credentials", "true")),
    method_lists.map(lambda value: ("Access-Control-Allow-Methods", value)),
    header_name_lists.map(lambda value: ("Access-Control-Allow-Headers", value)),
    max_age_values.map(lambda value: ("Access-Control-Max-Age", value)),
)
"""One line of each, all well formed: what removing a line may do is only to take leave away."""

statuses = st.sampled_from([200, 204, 299, 302, 304, 401, 404, 500])
responses = st.builds(Response, statuses, header_lists)
requests = st.builds(
    CorsRequest,
    st.sampled_from([ORIGIN, "null"]),
    st.just(URL),
    methods,
    st.lists(header_names, max_size=3, unique=True).map(sorted).map(tuple),
)
