-- Four people, each with a room, and five services a business; a yoga class where there is one.
create temporary table demo_resources on commit drop as
select
    pg_temp.key(kinds.kind || demo_businesses.n || ' ' || numbers.n) as id,
    demo_businesses.id as business_id,
    demo_businesses.n as business_n,
    kinds.kind::catalog.resource_kind as kind,
    numbers.n,
    case kinds.kind
        when 'room' then 'Room ' || numbers.n
        else (array['Alex', 'Bo', 'Charlie', 'Dana', 'Emery', 'Finley', 'Gray', 'Harper'])[
            1 + pg_temp.dice('staff ' || demo_businesses.n || numbers.n) % 8
        ] || ' ' || chr(64 + numbers.n) || '.'
    end as name,
    case demo_businesses.kind when 6 then 12 else 1 end as capacity
from demo_businesses
cross join generate_series(1, 4) as numbers (n)
cross join (values ('staff'), ('room')) as kinds (kind);

insert into catalog.resources (id, business_id, kind, name, capacity, member_id, position)
select
    demo_resources.id,
    demo_resources.business_id,
    demo_resources.kind,
    demo_resources.name,
    demo_resources.capacity,
    business_members.id,
    demo_resources.n
from demo_resources
left join business.business_members
    on
        business_members.business_id = demo_resources.business_id
        and business_members.role = 'staff'
        and demo_resources.kind = 'staff'
        and demo_resources.n = 1;

create temporary table demo_services on commit drop as
select
    pg_temp.key('service ' || demo_businesses.n || ' ' || kinds.n) as id,
    demo_businesses.id as business_id,
    demo_businesses.n as business_n,
    demo_businesses.currency,
    kinds.n,
    case demo_businesses.vertical_id
        when 'clinic' then kinds.clinic_name
        else case demo_businesses.kind when 6 then kinds.yoga_name else kinds.salon_name end
    end as name,
    kinds.minutes,
    kinds.price * demo_businesses.unit as price_minor,
    kinds.before_minutes,
    kinds.after_minutes,
    kinds.n = 5 as requires_confirmation,
    kinds.n = 4 as needs_room
from demo_businesses
cross join (
    values
    (1, 'Haircut', 'First visit', 'Morning flow', 45, 40, 0, 5),
    (2, 'Colour', 'Check-up', 'Slow flow', 60, 85, 0, 15),
    (3, 'Beard or brows', 'Follow-up', 'Breathing', 30, 20, 0, 0),
    (4, 'Treatment', 'Treatment', 'Private lesson', 50, 70, 5, 10),
    (5, 'Bridal styling', 'Second opinion', 'Teacher training talk', 60, 150, 10, 15)
) as kinds (n, salon_name, clinic_name, yoga_name, minutes, price, before_minutes, after_minutes);

insert into catalog.service_categories (id, business_id, name, position)
select pg_temp.key('category ' || demo_businesses.n), demo_businesses.id, 'Appointments', 1
from demo_businesses;

insert into catalog.services (
    id, business_id, category_id, name, duration_minutes, price_minor, currency,
    buffer_before_minutes, buffer_after_minutes, slot_interval_minutes, max_party_size,
    requires_confirmation, position
)
select
    demo_services.id,
    demo_services.business_id,
    pg_temp.key('category ' || demo_services.business_n),
    demo_services.name,
    demo_services.minutes,
    demo_services.price_minor,
    demo_services.currency,
    demo_services.before_minutes,
    demo_services.after_minutes,
    15,
    case demo_services.business_n % 8 when 6 then 4 else 1 end,
    demo_services.requires_confirmation,
    demo_services.n
from demo_services;

insert into catalog.service_addons (id, business_id, service_id, name, price_minor, duration_minutes)
select
    pg_temp.key('addon ' || demo_services.business_n),
    demo_services.business_id,
    demo_services.id,
    'Tea and quiet',
    demo_services.price_minor / 10,
    15
from demo_services
where demo_services.n = 1;

insert into catalog.service_resources (business_id, service_id, resource_id, mode, pool)
select
    demo_services.business_id,
    demo_services.id,
    demo_resources.id,
    'any',
    demo_resources.kind::text
from demo_services
inner join demo_resources
    on
        demo_resources.business_id = demo_services.business_id
        and (demo_resources.kind = 'staff' or demo_services.needs_room);

insert into catalog.working_hours (id, business_id, weekday, opens_at, closes_at)
select
    pg_temp.key('hours ' || demo_businesses.n || ' ' || days.day || halves.opens_at),
    demo_businesses.id,
    days.day,
    halves.opens_at::time,
    halves.closes_at::time
from demo_businesses
cross join lateral generate_series(1, demo_businesses.days) as days (day)
cross join (values ('09:00', '12:30'), ('13:30', '18:30')) as halves (opens_at, closes_at);
