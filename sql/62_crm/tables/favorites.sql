-- Favorites: businesses that a user wants to find again. They are the user's alone; not even the
-- business sees who they are.

create table crm.favorites (
    user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    business_id uuid not null references business.businesses (id) on delete cascade,
    created_at timestamptz not null default now(),

    constraint favorites_once primary key (user_id, business_id)
);
comment on table crm.favorites is 'Businesses that a user wants to find again.';
comment on column crm.favorites.user_id is '[person: delete]';
create index favorites_business_id_idx on crm.favorites (business_id);
