-- A domain as it was released.
create schema trial;
grant usage on schema trial to authenticated;

create type trial.parcel_state as enum ('packed', 'sent');

create table trial.parcels (
    id uuid primary key default gen_random_uuid(),
    label text,
    note text,
    state trial.parcel_state not null default 'packed',
    weight_grams_text text
);
alter table trial.parcels enable row level security;
grant select, update on trial.parcels to authenticated;
create policy parcels_select on trial.parcels
for select to authenticated using (true);

create function trial.parcel_count()
returns bigint
language sql
stable
set search_path = ''
as $$ select count(*) from trial.parcels $$;

create function trial.describe(parcel_id uuid)
returns text
language sql
stable
set search_path = ''
as $$ select label from trial.parcels where id = parcel_id $$;

create view public.parcels with (security_invoker = true) as
select parcels.id, parcels.label, parcels.note
from trial.parcels;
comment on view public.parcels is 'Parcels.';
comment on column public.parcels.note is 'What the carrier must know.';
grant select on public.parcels to authenticated;
