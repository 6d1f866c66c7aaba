-- What was decided about a business, by whom, when and why.

create table business.business_history (
    id bigint generated always as identity primary key,
    business_id uuid not null references business.businesses (id) on delete cascade,
    kind business.history_kind not null,
    -- The user (kind member) or the document; null when it is about the business itself.
    subject_id uuid,
    old_value text,
    new_value text,
    reason text,
    -- Null when the platform's own software did it.
    actor_id uuid references auth.users (id) on delete set null,
    at timestamptz not null default now()
);
comment on table business.business_history is
'Every decision about a business: status, activity, verification, documents, members.';
create index business_history_business_id_idx on business.business_history (business_id, id);
create index business_history_actor_id_idx on business.business_history (actor_id);
