-- Four people, each with a room, and the five services of the menu.
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
    end as name
from demo_businesses
cross join generate_series(1, 4) as numbers (n)
cross join (values ('staff'), ('room')) as kinds (kind);

insert into catalog.resources (id, business_id, kind, name, member_id, position)
select
    demo_resources.id,
    demo_resources.business_id,
    demo_resources.kind,
    demo_resources.name,
    business_members.id,
    demo_resources.n
from demo_resources
left join business.business_members
    on
        demo_resources.business_id = business_members.business_id
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
    demo_businesses.menu[kinds.n] as name,
    kinds.minutes,
    (kinds.price * demo_businesses.unit)::bigint as price_minor,
    kinds.before_minutes,
    kinds.after_minutes,
    kinds.n = 5 as requires_confirmation,
    kinds.n = 4 as needs_room,
    demo_businesses.gives_classes
from demo_businesses
cross join (
    values
    (1, 45, 40, 0, 5),
    (2, 60, 85, 0, 15),
    (3, 30, 20, 0, 0),
    (4, 50, 70, 5, 10),
    (5, 60, 150, 10, 15)
) as kinds (n, minutes, price, before_minutes, after_minutes);

insert into catalog.service_categories (id, business_id, name, position)
select
    pg_temp.key('category ' || demo_businesses.n),
    demo_businesses.id,
    'Appointments',
    1
from demo_businesses;

insert into catalog.services (
    id, business_id, category_id, name, duration_minutes, price_minor, currency,
    buffer_before_minutes, buffer_after_minutes, slot_interval_minutes, max_party_size, is_class,
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
    case when demo_services.gives_classes then 4 else 1 end,
    demo_services.gives_classes,
    demo_services.requires_confirmation,
    demo_services.n
from demo_services;

insert into catalog.service_addons (
    id, business_id, service_id, name, price_minor, duration_minutes
)
select
    pg_temp.key('addon ' || demo_services.business_n),
    demo_services.business_id,
    demo_services.id,
    'Tea and quiet',
    demo_services.price_minor / 10,
    15
from demo_services
where demo_services.n = 1 and not demo_services.gives_classes;

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
        demo_services.business_id = demo_resources.business_id
        and (demo_resources.kind = 'staff' or demo_services.needs_room);

insert into catalog.working_hours (id, business_id, weekday, opens_at, closes_at)
select
    pg_temp.key('hours ' || demo_businesses.n || ' ' || days.day || halves.opens_at),
    demo_businesses.id,
    days.day,
    halves.opens_at::time,
    halves.closes_at::time
from demo_businesses
cross join lateral unnest(demo_businesses.weekdays) as days (day)
cross join (values ('09:00', '12:30'), ('13:30', '18:30')) as halves (opens_at, closes_at);

-- What every booking of a service is written with: its policy, and the add-on that some choose.
create temporary table demo_terms on commit drop as
select
    demo_services.id as service_id,
    scheduling.policy_of(demo_services.id) as policy,
    service_addons.price_minor as addon_price_minor,
    service_addons.duration_minutes as addon_minutes,
    jsonb_build_object(
        'id', service_addons.id,
        'name', service_addons.name,
        'price_minor', service_addons.price_minor,
        'duration_minutes', service_addons.duration_minutes
    ) as addon
from demo_services
left join catalog.service_addons on demo_services.id = service_addons.service_id;

analyze demo_people, demo_businesses, demo_resources, demo_services, demo_terms;

-- The triggers that would have written what a search looks at were not fired.
do $$ begin perform search.refresh_all(); end $$;
