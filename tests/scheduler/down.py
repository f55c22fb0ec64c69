"""X goes down, and what is seen of it."""

from __future__ import annotations

from datetime import timedelta

from scheduler import circuits
from scheduler.clock import FrozenClock
from scheduler.models import Circuit, Delivery
from scheduler.rescuer import Rescuer
from scheduler.runtime import Runtime
from scheduler.states import State
from tests.scheduler.engine import Engine
from tests.world import World

SECOND = timedelta(seconds=1)


async def platform() -> Circuit:
    return await Circuit.get(key=circuits.platform_key("x"))


async def take_down(world: World, engine: Engine) -> list[Delivery]:
    """X breaks every connection until five posts have found out; these posts."""
    await world.x.switch(mode="outage")
    rows = [await world.schedule(f"Finds out {number}") for number in range(5)]
    await engine.run()
    assert (await platform()).state == circuits.OPEN
    return rows


async def park(world: World, engine: Engine, number: int) -> list[Delivery]:
    """So many posts that are due now, parked, in the order in which they are due."""
    now = world.runtime.clock.now()
    rows = [await world.schedule(f"Waits {n}", seconds=1) for n in range(number)]
    for n, row in enumerate(rows):
        due = now + timedelta(milliseconds=n)
        await Delivery.filter(id=row.id).update(due_at=due, next_attempt_at=due)
    await engine.stage()
    assert await Delivery.filter(state=State.PARKED).count() >= number
    return [await world.fresh(row) for row in rows]


async def come_back(world: World, engine: Engine, clock: FrozenClock) -> None:
    """X answers again, and a probe finds that out when its time has come."""
    await world.x.switch(mode="ok")
    clock.move_to((await platform()).probe_at or clock.instant)
    await engine.deliverer.probe()
    await engine.finish()
    assert (await platform()).state == circuits.RAMPING


async def look_after(runtime: Runtime) -> None:
    await Rescuer(runtime).tick()


async def states_of(*rows: Delivery) -> list[State]:
    found = {row.id: row.state for row in await Delivery.all()}
    return [found[row.id] for row in rows]
