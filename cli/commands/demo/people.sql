-- Customers, and four people with known addresses to sign in as. Everything is computed from ordinals:
-- the same size and the same week give the same rows.
create function pg_temp.key(called text)
returns uuid
language sql
immutable
return md5('frontdesk demo ' || called)::uuid;

-- A number from 0 to 999, the same for the same words.
create function pg_temp.dice(called text)
returns integer
language sql
immutable
return ('x' || left(md5(called), 7))::bit(28)::integer % 1000;

create temporary table demo_people on commit drop as
select
    pg_temp.key('person ' || people.n) as id,
    people.n,
    coalesce(
        (array['owner', 'staff', 'customer', 'admin'])[-people.n] || '@example.com',
        'customer' || people.n || '@example.com'
    ) as email,
    (array[
        'Ada', 'Ben', 'Chiara', 'Dev', 'Elif', 'Farah', 'Goran', 'Hana', 'Ines', 'Jonas', 'Keiko',
        'Liam',
        'Mina',
        'Noor',
        'Oskar',
        'Priya',
        'Quentin',
        'Rosa',
        'Sven',
        'Tara',
        'Uma',
        'Viktor',
        'Wen', 'Ximena', 'Yusuf', 'Zoe'
    ])[1 + pg_temp.dice('first ' || people.n) % 26] || ' ' || (array[
        'Acharya', 'Brandt', 'Castro', 'Dubois', 'Eriksen', 'Fischer', 'Garcia', 'Haddad', 'Ito',
        'Jansen', 'Kowalski', 'Lee', 'Moreau', 'Nakamura', 'Okafor', 'Petrov', 'Quinn', 'Rossi',
        'Sharma', 'Tanaka'
    ])[1 + pg_temp.dice('last ' || people.n) % 20] as full_name
from generate_series(-4, (select demo_size.customers from demo_size)) as people (n)
where people.n <> 0;

insert into auth.users (
    instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data,
    raw_user_meta_data, created_at, updated_at
)
select
    '00000000-0000-0000-0000-000000000000',
    demo_people.id,
    'authenticated',
    'authenticated',
    demo_people.email,
    '',
    demo_size.founded_at,
    '{"provider": "email", "providers": ["email"]}',
    jsonb_build_object('full_name', demo_people.full_name),
    demo_size.founded_at,
    demo_size.founded_at
from demo_people
cross join demo_size
where not exists (
    select 1 from auth.users
    where lower(users.email) = demo_people.email
);

-- Somebody who made one of these addresses before keeps the account, and it takes the part.
update demo_people
set id = users.id
from auth.users
where lower(users.email) = demo_people.email and users.id <> demo_people.id;

update identity.profiles
set full_name = demo_people.full_name
from demo_people
where profiles.id = demo_people.id and profiles.full_name is null;

insert into identity.platform_staff (user_id, role)
select
    demo_people.id,
    'admin'
from demo_people
where demo_people.email = 'admin@example.com'
on conflict (user_id) do nothing;
