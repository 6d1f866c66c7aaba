-- Cards that somebody saves without paying anything, such as for the guarantee of a booking: the
-- provider takes the card on its own page or form, and tells us what was saved. And cards that a
-- provider must still forget, because they were removed here.

create table money.method_setups (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    provider text not null references money.providers (name) on delete restrict,
    return_url text not null,
    -- The provider's id of it, and what the browser needs next.
    provider_reference text,
    client jsonb,
    -- Why the provider refused it.
    failure text,
    -- Until when somebody is asking the provider about it, so that nobody else does.
    asked_until timestamptz,
    created_at timestamptz not null default now(),
    -- The one-time token of the provider's script in the browser, if it made one.
    method_token text,
    -- When the provider had the card, and when it was last asked whether it has.
    saved_at timestamptz,
    checked_at timestamptz,

    constraint method_setups_reference_unique unique (provider, provider_reference)
);
comment on table money.method_setups is 'Attempts of users to save a card at a provider.';
comment on column money.method_setups.user_id is '[person: delete]';
comment on column money.method_setups.provider_reference is '[secret]';
comment on column money.method_setups.client is '[secret]';
comment on column money.method_setups.method_token is '[secret] [personal]';
create index method_setups_user_id_idx on money.method_setups (user_id);
-- Which are not finished?
create index method_setups_open_idx on money.method_setups (created_at)
where saved_at is null and failure is null;

create table money.methods_to_forget (
    -- The id that the method has, or had before its owner was erased.
    id uuid primary key,
    provider text not null references money.providers (name) on delete restrict,
    provider_reference text not null,
    asked_until timestamptz,
    created_at timestamptz not null default now(),

    constraint methods_to_forget_reference_unique unique (provider, provider_reference)
);
comment on table money.methods_to_forget is
'Saved cards that were removed here, until their provider has forgotten them too.';
comment on column money.methods_to_forget.provider_reference is '[secret]';
