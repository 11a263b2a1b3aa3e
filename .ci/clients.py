"""Asks the stack with the client that openapi-python-client has made: data and errors have their types."""

import sys
from uuid import UUID

from passe_plat_client import Client
from passe_plat_client.api.menu import get_menu
from passe_plat_client.api.orders import get_order
from passe_plat_client.models import Dish, Problem404, Problem404Code

client = Client(base_url=sys.argv[1], raise_on_unexpected_status=True)

menu = get_menu.sync(client=client)
assert isinstance(menu, list) and isinstance(menu[0], Dish), menu

problem = get_order.sync(UUID("0192f0d1-0000-7000-8000-000000000000"), client=client)
assert isinstance(problem, Problem404), problem
assert problem.code is Problem404Code.ORDER_NOT_FOUND, problem
print(f"{problem.status}: {problem.detail}")
