-- The papers of a business, and the history of what was decided about it.

create table business.business_documents (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    kind text not null,
    -- A path in the private bucket `business-documents`.
    storage_path text not null,
    status business.document_status not null default 'submitted',
    reviewed_by uuid references auth.users (id) on delete set null,
    reviewed_at timestamptz,
    reason text,
    created_at timestamptz not null default now(),

    constraint business_documents_business_id_id_unique unique (business_id, id),
    constraint business_documents_kind_is_known check (
        kind in ('registration', 'identity', 'license', 'tax', 'other')
        or private.invalid('kind', 'must be registration, identity, license, tax or other')
    ),
    constraint business_documents_path_is_in_its_folder check (
        storage_path like business_id::text || '/_%'
        and length(storage_path) <= 500
        and not private.has_control_characters(storage_path)
        and storage_path !~ '(^|/)\.\.?(/|$)'
        or private.invalid('storage_path', 'must be a path below the business''s id')
    ),
    constraint business_documents_review_is_whole check (
        (status = 'submitted') = (reviewed_at is null)
        and (status <> 'rejected' or reason is not null)
    )
);
comment on table business.business_documents is 'Papers that a business hands in to be verified.';
create index business_documents_reviewed_by_idx on business.business_documents (reviewed_by);

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
