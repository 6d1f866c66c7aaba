-- Services that can never be booked are found, each with its reason, and no other.
begin;
select plan(22);

-- Given a studio with hours, whose Cut anybody can book
select tests.at('2031-05-01 00:00Z');
select tests.person('owner');
select tests.business('Studio', 'owner', 'Europe/Berlin');
select tests.resource('Ann', 'Studio');
select tests.hours('Studio', '09:00', '12:00');
select tests.service('Cut', 'Studio', 60);
select tests.takes('Cut', 'Ann');

create function pg_temp.why(called text)
returns text
language sql
as $$
    select coalesce(string_agg(unbookable.problem, ', '), 'fine')
    from scheduling.unbookable() as unbookable
    where unbookable.service = called
$$;
-- Within the 62 days that can be asked for at once
create function pg_temp.slots(called text)
returns bigint
language sql
as $$
    select count(*) from public.available_slots(
        tests.id(called)::text, '2031-05-01T00:00:00Z', '2031-07-01T00:00:00Z'
    )
$$;

select is(pg_temp.why('Cut'), 'fine', 'what can be booked is fine');

-- Nobody gives it
select tests.service('Orphan', 'Studio');
select is(pg_temp.why('Orphan'), 'no_resource', 'a service that takes nobody is found');
select is(pg_temp.slots('Orphan'), 0::bigint, 'and has no slots');
select tests.resource('Bob', 'Studio');
select tests.takes('Orphan', 'Bob');
select is(pg_temp.why('Orphan'), 'fine', 'with somebody it is fine');
update catalog.resources set is_active = false where id = tests.id('Bob');
select is(pg_temp.why('Orphan'), 'no_resource', 'not with somebody who has left');
select tests.resource('Sauna', 'Studio', 'room');
update catalog.resources set is_active = true where id = tests.id('Bob');
select tests.takes('Orphan', 'Sauna', 'all');
update catalog.resources set is_active = false where id = tests.id('Sauna');
select is(pg_temp.why('Orphan'), 'no_resource', 'nor without the room that it needs');
update catalog.resources set is_active = true where id = tests.id('Sauna');

-- Everybody's hours are too short
select tests.service('Marathon', 'Studio', 200);
select tests.takes('Marathon', 'Ann');
select is(pg_temp.why('Marathon'), 'too_short', 'three hours and twenty minutes in a morning');
select is(pg_temp.slots('Marathon'), 0::bigint, 'have no slots');
select tests.hours('Studio', '12:00', '13:00', '{3}');
select is(pg_temp.why('Marathon'), 'fine', 'a Wednesday that goes on until one has room for it');
select isnt(pg_temp.slots('Marathon'), 0::bigint, 'and slots');
select tests.resource('Night', 'Studio');
insert into catalog.working_hours (business_id, resource_id, weekday, opens_at, closes_at)
values
(tests.id('Studio'), tests.id('Night'), 7, '22:00', '24:00'),
(tests.id('Studio'), tests.id('Night'), 1, '00:00', '02:00');
select tests.service('Watch', 'Studio', 240);
select tests.takes('Watch', 'Night');
select is(pg_temp.why('Watch'), 'fine', 'a night from Sunday to Monday is one');
select isnt(pg_temp.slots('Watch'), 0::bigint, 'and has slots');

-- No hours at all
select tests.business('Shed', 'owner');
select tests.resource('Cid', 'Shed');
select tests.service('Repair', 'Shed');
select tests.takes('Repair', 'Cid');
select is(pg_temp.why('Repair'), 'no_hours', 'people without hours are found');
insert into catalog.schedule_exceptions (
    business_id, resource_id, starts_on, ends_on, opens_at, closes_at
)
values (tests.id('Shed'), tests.id('Cid'), '2031-06-01', '2031-06-01', '09:00', '17:00');
select is(pg_temp.why('Repair'), 'fine', 'one special day to come is enough');
select tests.at('2031-06-03 00:00Z');
select is(pg_temp.why('Repair'), 'no_hours', 'until it is gone');
select tests.at('2031-05-01 00:00Z');

-- Too small
update catalog.service_resources set quantity = 2 where service_id = tests.id('Repair');
select is(pg_temp.why('Repair'), 'too_small', 'two of somebody who is one');

-- Dates, notice, limits
update catalog.services set bookable_until = '2031-04-30' where id = tests.id('Cut');
select is(pg_temp.why('Cut'), 'over', 'bookable until yesterday');
update catalog.services
set bookable_until = null, min_notice_minutes = 2880, max_advance_days = 1
where id = tests.id('Cut');
select is(pg_temp.why('Cut'), 'notice_past_advance', 'two days of notice for tomorrow at the latest');
update catalog.services set min_notice_minutes = 2879 where id = tests.id('Cut');
insert into catalog.booking_limits (business_id, service_id, period, max_minutes)
values (tests.id('Studio'), tests.id('Cut'), 'week', 59);
select is(pg_temp.why('Cut'), 'limit_of_none', 'an hour of 59 minutes a week');

-- Classes
select tests.service('Yoga', 'Studio');
update catalog.services set is_class = true where id = tests.id('Yoga');
select is(pg_temp.why('Yoga'), 'no_session', 'a class that is never given');

-- Nobody expects to book these
update catalog.services set is_active = false where id = tests.id('Yoga');
select is(pg_temp.why('Yoga'), 'fine', 'what is switched off is left alone');
update business.businesses set status = 'suspended' where id = tests.id('Studio');
select is(pg_temp.why('Cut'), 'fine', 'and so is a business that is not open');

select * from finish();
rollback;
