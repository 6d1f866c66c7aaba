"""The booking service that one would write by hand: FastAPI, SQLAlchemy and asyncpg.

Written as its author would be proud of: one pool, one transaction a booking, the staff row locked
before the overlap is looked for, slots from two queries. It has no history, no prices, no policies,
no notifications and no tenants, which a real one would have to add.
"""

from __future__ import annotations

import datetime
import os
import secrets
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import jwt
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import AwareDatetime, BaseModel
from sqlalchemy import DateTime, ForeignKey, Index, SmallInteger, Time, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = datetime.timedelta(minutes=int(os.environ.get("SERVICE_MINUTES", "15")))
STEP = datetime.timedelta(minutes=15)
SECRET = os.environ["JWT_SECRET"]


class Base(DeclarativeBase):
    pass


class Staff(Base):
    __tablename__ = "staff"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str]


class Hours(Base):
    __tablename__ = "hours"
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    weekday: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    opens_at: Mapped[datetime.time] = mapped_column(Time)
    minutes: Mapped[int]


class Booking(Base):
    __tablename__ = "bookings"
    __table_args__ = (Index("bookings_staff_starts", "staff_id", "starts_at"),)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))
    customer_id: Mapped[uuid.UUID]
    reference: Mapped[str] = mapped_column(unique=True)
    starts_at: Mapped[datetime.datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime.datetime] = mapped_column(DateTime(timezone=True))


class Wish(BaseModel):
    staff_id: uuid.UUID
    starts_at: AwareDatetime


class Booked(BaseModel):
    id: uuid.UUID
    reference: str
    staff_id: uuid.UUID
    starts_at: datetime.datetime
    ends_at: datetime.datetime


class Slot(BaseModel):
    staff_id: uuid.UUID
    starts_at: datetime.datetime


engine = create_async_engine(os.environ["DATABASE_URL"], pool_size=16, max_overflow=0)
sessions = async_sessionmaker(engine, expire_on_commit=False)


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


def customer(authorization: Annotated[str, Header()]) -> uuid.UUID:
    try:
        claims = jwt.decode(
            authorization.removeprefix("Bearer "), SECRET, ["HS256"], audience="authenticated"
        )
    except jwt.InvalidTokenError:
        raise HTTPException(401, "sign in") from None
    return uuid.UUID(claims["sub"])


async def session() -> AsyncIterator[AsyncSession]:
    async with sessions() as opened:
        yield opened


def opening(hours: Hours, day: datetime.date) -> tuple[datetime.datetime, datetime.datetime]:
    opens = datetime.datetime.combine(day, hours.opens_at, datetime.UTC)
    return opens, opens + datetime.timedelta(minutes=hours.minutes)


@app.post("/book")
async def book(
    wish: Wish,
    customer_id: Annotated[uuid.UUID, Depends(customer)],
    db: Annotated[AsyncSession, Depends(session)],
) -> Booked:
    ends_at = wish.starts_at + LENGTH
    async with db.begin():
        staff = await db.scalar(select(Staff).where(Staff.id == wish.staff_id).with_for_update())
        if staff is None:
            raise HTTPException(404, "no such staff")
        hours = await db.get(Hours, (wish.staff_id, wish.starts_at.isoweekday()))
        if hours is None:
            raise HTTPException(422, "closed")
        opens, closes = opening(hours, wish.starts_at.date())
        if wish.starts_at < opens or ends_at > closes:
            raise HTTPException(422, "closed")
        taken = await db.scalar(
            select(func.count())
            .select_from(Booking)
            .where(
                Booking.staff_id == wish.staff_id,
                Booking.starts_at > wish.starts_at - datetime.timedelta(days=1),
                Booking.starts_at < ends_at,
                Booking.ends_at > wish.starts_at,
            )
        )
        if taken:
            raise HTTPException(409, "taken")
        booking = Booking(
            staff_id=wish.staff_id,
            customer_id=customer_id,
            reference="".join(secrets.choice(LETTERS) for _ in range(8)),
            starts_at=wish.starts_at,
            ends_at=ends_at,
        )
        db.add(booking)
    return Booked.model_validate(booking, from_attributes=True)


@app.get("/slots")
async def slots(
    from_at: AwareDatetime,
    to_at: AwareDatetime,
    minutes: int,
    db: Annotated[AsyncSession, Depends(session)],
) -> list[Slot]:
    length = datetime.timedelta(minutes=minutes)
    people: defaultdict[uuid.UUID, dict[int, Hours]] = defaultdict(dict)
    for hours in await db.scalars(
        select(Hours).join(Staff, Staff.id == Hours.staff_id).where(Staff.name.like("Usual%"))
    ):
        people[hours.staff_id][hours.weekday] = hours
    busy: defaultdict[uuid.UUID, list[tuple[datetime.datetime, datetime.datetime]]]
    busy = defaultdict(list)
    for staff_id, starts_at, ends_at in await db.execute(
        select(Booking.staff_id, Booking.starts_at, Booking.ends_at)
        .where(
            Booking.staff_id.in_(people),
            Booking.starts_at > from_at - datetime.timedelta(days=1),
            Booking.starts_at < to_at,
            Booking.ends_at > from_at,
        )
        .order_by(Booking.staff_id, Booking.starts_at)
    ):
        busy[staff_id].append((starts_at, ends_at))
    found = []
    for staff_id, week in people.items():
        day = from_at.date()
        while day <= to_at.date():
            if hours := week.get(day.isoweekday()):
                opens, closes = opening(hours, day)
                today = [one for one in busy[staff_id] if one[0] < closes and one[1] > opens]
                start = opens
                while start + length <= closes:
                    if from_at <= start < to_at and not any(
                        begins < start + length and ends > start for begins, ends in today
                    ):
                        found.append(Slot(staff_id=staff_id, starts_at=start))
                    start += STEP
            day += datetime.timedelta(days=1)
    found.sort(key=lambda slot: (slot.starts_at, slot.staff_id))
    return found
