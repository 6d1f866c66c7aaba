-- The same domain in the next version: each kind of change that adds, removes or tightens.
create schema trial;
grant usage on schema trial to authenticated;

create type trial.parcel_state as enum ('packed', 'sent', 'lost');

create table trial.parcels (
    id uuid primary key default gen_random_uuid(),
    label text not null,
    note text,
    state trial.parcel_state not null default 'packed',
    weight_grams integer not null default 0,
    carrier text,
    constraint parcels_weight_not_negative check (weight_grams >= 0)
);
alter table trial.parcels enable row level security;
grant select on trial.parcels to authenticated;
create policy parcels_select on trial.parcels
for select to authenticated using (state <> 'lost');
create unique index parcels_carrier on trial.parcels (carrier, label);

create table trial.parcel_events (
    id uuid primary key default gen_random_uuid(),
    parcel_id uuid not null references trial.parcels on delete cascade,
    at timestamptz not null default now()
);
create index parcel_events_parcel on trial.parcel_events (parcel_id);
alter table trial.parcel_events enable row level security;

create function trial.describe(parcel_id uuid, is_long boolean default false)
returns text
language sql
stable
set search_path = ''
as $$ select label || case when is_long then ' ' || note else '' end from trial.parcels where id = parcel_id $$;

create view public.parcels with (security_invoker = true) as
select parcels.id, parcels.label, parcels.note, parcels.weight_grams
from trial.parcels;
comment on view public.parcels is 'Parcels.';
comment on column public.parcels.note is 'What the carrier must know.';
comment on column public.parcels.weight_grams is 'The weight in grams.';
grant select on public.parcels to authenticated;
