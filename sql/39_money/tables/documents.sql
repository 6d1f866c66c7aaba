-- Receipts, invoices and credit notes: what a business issued about a sale, under numbers without
-- gaps. A document keeps who sold, who bought, and every figure as they were, and never changes. A
-- receipt or an invoice covers the revisions of the sale that earlier ones do not; a credit note
-- takes back one revision of a sale that has either. Its amounts are positive.

create type money.document_kind as enum ('receipt', 'invoice', 'credit_note');

-- The last number of each kind. The row is locked while a number is taken, so a number that is
-- rolled back is taken again.
create table money.document_counters (
    business_id uuid not null references business.businesses (id) on delete cascade,
    kind money.document_kind not null,
    last_number bigint not null default 0,

    primary key (business_id, kind)
);
comment on table money.document_counters is
'The last number that a business used for each kind of document.';

create table money.documents (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    kind money.document_kind not null,
    number bigint not null,
    sale_id uuid not null,
    first_revision integer not null,
    revision integer not null,
    -- The receipt or invoice that a credit note takes back from.
    corrects_document_id uuid,
    issued_at timestamptz not null,
    currency text not null,
    net_minor bigint not null,
    tax_minor bigint not null,
    total_minor bigint not null,
    seller jsonb not null,
    buyer jsonb not null,
    lines jsonb not null,
    taxes jsonb not null,

    constraint documents_business_id_id_unique unique (business_id, id),
    constraint documents_number_unique unique (business_id, kind, number),
    constraint documents_once_for_each_revision unique (business_id, kind, sale_id, revision),
    constraint documents_revision_fkey foreign key (business_id, sale_id, revision)
    references sales.sale_revisions (business_id, sale_id, revision) on delete restrict,
    constraint documents_corrects_fkey foreign key (business_id, corrects_document_id)
    references money.documents (business_id, id) on delete restrict,
    constraint documents_number_is_positive check (number > 0),
    constraint documents_cover_revisions check (first_revision between 0 and revision),
    constraint documents_add_up check (total_minor = net_minor + tax_minor and total_minor >= 0),
    constraint documents_credit_notes_correct check (
        (kind = 'credit_note') = (corrects_document_id is not null)
    )
);
comment on table money.documents is
'Receipts, invoices and credit notes as they were issued; they never change.';
comment on column money.documents.sale_id is '[person]';
comment on column money.documents.buyer is
'[personal: kept 10 years: an invoice names its buyer, and books are kept so long]';
create index documents_sale_idx on money.documents (business_id, sale_id, revision);
create index documents_issued_at_idx on money.documents (business_id, issued_at, id);
create index documents_corrects_idx on money.documents (business_id, corrects_document_id)
where corrects_document_id is not null;

create table money.document_files (
    business_id uuid not null,
    document_id uuid not null,
    format text not null,
    -- In the private bucket `records`.
    object_name text not null,
    bytes bigint not null,
    sha256 text not null,
    created_at timestamptz not null,

    primary key (business_id, document_id, format),
    constraint document_files_document_fkey foreign key (business_id, document_id)
    references money.documents (business_id, id) on delete cascade,
    constraint document_files_format_is_known check (format in ('pdf', 'xml')),
    constraint document_files_have_bytes check (bytes > 0),
    constraint document_files_sha256_is_hex check (sha256 ~ '^[0-9a-f]{64}$'),
    constraint document_files_object_name_is_one_line check (private.is_one_line(object_name))
);
comment on table money.document_files is
'The files of a document that workers drew. They go when the buyer of the document is emptied.';
comment on column money.document_files.document_id is '[person]';
comment on column money.document_files.object_name is
'[personal: kept 10 years: the file is the document as it was issued, and books are kept so long]';
