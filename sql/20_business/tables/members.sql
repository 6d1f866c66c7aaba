-- Who works in a business with which role, and who is invited to.

create table business.business_members (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    role business.member_role not null,
    display_name text not null,
    created_at timestamptz not null default now(),

    constraint business_members_business_id_id_unique unique (business_id, id),
    constraint business_members_one_role_each unique (business_id, user_id),
    constraint business_members_display_name_is_short check (
        length(btrim(display_name)) between 1 and 200 and private.is_one_line(display_name)
        or private.invalid('display_name', 'must have 1 to 200 printable characters')
    )
);
comment on table business.business_members is 'Who works in a business, and with which role.';
comment on column business.business_members.user_id is '[person: delete]';
comment on column business.business_members.display_name is '[personal]';
create index business_members_user_id_idx on business.business_members (user_id, business_id, role);

create table business.invitations (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- In lower case: the invitation and the account may spell it differently.
    email text not null,
    role business.member_role not null,
    -- Only the hash is kept: the token is shown once, to the owner who invites.
    token_hash bytea not null,
    expires_at timestamptz not null,
    invited_by uuid references auth.users (id) on delete set null,
    accepted_by uuid references auth.users (id) on delete set null,
    accepted_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz not null default now(),

    constraint invitations_business_id_id_unique unique (business_id, id),
    constraint invitations_token_hash_unique unique (token_hash),
    constraint invitations_email_looks_like_one check (
        email ~ '^[^@\s]+@[^@\s]+$' and length(email) <= 320
        or private.invalid('email', 'must be an e-mail address')
    ),
    constraint invitations_email_is_lower_case check (email = lower(email)),
    constraint invitations_end_once check (accepted_at is null or revoked_at is null)
);
comment on table business.invitations is 'Open and past invitations to join a business.';
comment on column business.invitations.email is '[person: delete] [personal]';
comment on column business.invitations.token_hash is '[secret]';
-- One open invitation for each address: inviting again revokes the one before.
create unique index invitations_one_open_idx on business.invitations (business_id, email)
where accepted_at is null and revoked_at is null;
create index invitations_invited_by_idx on business.invitations (invited_by);
create index invitations_accepted_by_idx on business.invitations (accepted_by);
