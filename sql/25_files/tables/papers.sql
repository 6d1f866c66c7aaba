-- Papers by which a business is verified. The file lies in a private bucket; people get it by
-- short-lived links only.

create type business.document_status as enum ('submitted', 'accepted', 'rejected');

create table business.business_documents (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    kind text not null,
    media_id uuid not null,
    status business.document_status not null default 'submitted',
    reviewed_by uuid references auth.users (id) on delete set null,
    reviewed_at timestamptz,
    reason text,
    created_at timestamptz not null default now(),

    constraint business_documents_business_id_id_unique unique (business_id, id),
    constraint business_documents_media_id_unique unique (business_id, media_id),
    constraint business_documents_medium_fkey foreign key (business_id, media_id)
    references files.media (business_id, id) on delete no action,
    constraint business_documents_kind_is_known check (
        kind in ('registration', 'identity', 'license', 'tax', 'other')
    ),
    constraint business_documents_review_is_whole check (
        (status = 'submitted') = (reviewed_at is null)
        and (status <> 'rejected' or reason is not null)
    )
);
comment on table business.business_documents is 'Papers that a business hands in to be verified.';
create index business_documents_reviewed_by_idx on business.business_documents (reviewed_by);
