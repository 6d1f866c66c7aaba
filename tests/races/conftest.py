"""A salon in which people race."""

from __future__ import annotations

import pytest

from tests.harness.database import Database


@pytest.fixture
def shop(db: Database) -> Database:
    """A salon with two people, two rooms, and services that take one or both."""
    db.connection.execute(
        """
        select tests.person('owner'), tests.person('customer'),
            tests.business('Salon', 'owner'), tests.at('2031-05-01 00:00Z');
        select tests.resource('Ann', 'Salon'), tests.resource('Ben', 'Salon'),
            tests.resource('Room', 'Salon', 'room'),
            tests.resource('Studio', 'Salon', 'room', 5),
            tests.hours('Salon');
        select tests.service('Cut', 'Salon'), tests.service('Massage', 'Salon'),
            tests.service('Facial', 'Salon'), tests.service('Yoga', 'Salon');
        select tests.takes('Cut', 'Ann'), tests.takes('Massage', 'Ann', 'all'),
            tests.takes('Massage', 'Room', 'all'), tests.takes('Facial', 'Room', 'all'),
            tests.takes('Facial', 'Ben', 'all'), tests.takes('Facial', 'Ann', 'all'),
            tests.takes('Yoga', 'Studio', 'all');
        alter database """
        + db.connection.info.dbname
        + """ set frontdesk.now = '2031-05-01 00:00Z';
        """
    )
    return db
