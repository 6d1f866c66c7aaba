-- Terms that people accept: which there are, their versions, and who accepted which. The texts are
-- pages of the domain of content, which writes a row here when it publishes one. Whoever must
-- accept, and when, is the operator's setting.

create table catalog.terms (
    slug text primary key,
    is_required_to_sign_up boolean not null default false,
    -- Every sale needs the acceptance: a booking, an order, a membership.
    is_required_to_buy boolean not null default false,
    created_at timestamptz not null default now(),

    constraint terms_slug_is_a_slug check (slug ~ '^[a-z0-9](-?[a-z0-9]){1,79}$')
);
comment on table catalog.terms is 'The terms of the platform, and when they must be accepted.';

create table catalog.terms_versions (
    slug text not null references catalog.terms (slug) on delete restrict,
    version integer not null,
    published_at timestamptz not null,

    primary key (slug, version),
    constraint terms_versions_version_is_positive check (version > 0)
);
comment on table catalog.terms_versions is
'The published versions of terms. The latest one is in force. Only ever added to.';

create table catalog.terms_acceptances (
    id uuid primary key default gen_random_uuid(),
    user_id uuid references auth.users (id) on delete set null,
    -- Of a guest, who proves the address with the booking.
    email text,
    slug text not null,
    version integer not null,
    -- The language in which the text was read.
    locale text not null,
    accepted_at timestamptz not null,

    constraint terms_acceptances_version_fkey foreign key (slug, version)
    references catalog.terms_versions (slug, version) on delete restrict,
    constraint terms_acceptances_once_each unique (user_id, slug, version),
    constraint terms_acceptances_locale_is_a_language_tag check (
        locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'
        or private.invalid('locale', 'must be a language tag, such as en or de-AT')
    )
);
comment on table catalog.terms_acceptances is
'Who accepted which version of which terms, when and in which language.';
comment on column catalog.terms_acceptances.user_id is '[person]';
comment on column catalog.terms_acceptances.email is '[person] [personal: replaced]';
create index terms_acceptances_version_idx on catalog.terms_acceptances (slug, version);
create unique index terms_acceptances_guest_idx
on catalog.terms_acceptances (lower(email), slug, version)
where user_id is null;
