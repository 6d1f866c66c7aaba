-- What clients read about documents, and how they ask for one.

create view public.documents
with (security_invoker = true)
as
select
    documents.id,
    documents.business_id,
    documents.kind,
    documents.number,
    money.document_reference(documents.kind, documents.number) as reference,
    documents.sale_id,
    documents.first_revision,
    documents.revision,
    documents.corrects_document_id,
    documents.issued_at,
    documents.currency,
    documents.net_minor,
    documents.tax_minor,
    documents.total_minor,
    documents.seller,
    documents.buyer,
    documents.lines,
    documents.taxes
from money.documents;
grant select on public.documents to authenticated, service_role;

comment on view public.documents is
'Receipts, invoices and credit notes. They never change. Customers read those of what they bought, '
'members those of their business. Page by (issued_at, id).';
comment on column public.documents.id is 'Key.';
comment on column public.documents.business_id is 'The business that issued it.';
comment on column public.documents.kind is 'receipt, invoice or credit_note.';
comment on column public.documents.number is
'1, 2, … without gaps, for each business and kind.';
comment on column public.documents.reference is
'How it is named: R-, I- or C- with the number.';
comment on column public.documents.sale_id is 'The sale that it is about.';
comment on column public.documents.first_revision is 'The first revision that it shows.';
comment on column public.documents.revision is 'The last revision that it shows.';
comment on column public.documents.corrects_document_id is
'The receipt or invoice from which a credit note takes back; null for others.';
comment on column public.documents.issued_at is 'When it was issued.';
comment on column public.documents.currency is 'ISO 4217 code of every amount.';
comment on column public.documents.net_minor is 'The total without tax, in minor units.';
comment on column public.documents.tax_minor is 'The tax in minor units.';
comment on column public.documents.total_minor is
'The total in minor units. It is positive on a credit note as well.';
comment on column public.documents.seller is
'The business as it was: name, address, verified tax number, locale.';
comment on column public.documents.buyer is
'Who bought, as it was: name, e-mail address, verified tax number.';
comment on column public.documents.lines is
'[{kind, name, quantity, unit_minor, amount_minor, discount_minor, tax_minor, tax_is_included, '
'total_minor, taxes}].';
comment on column public.documents.taxes is
'[{component, rate_bps, jurisdiction, base_minor, tax_minor}].';

create view public.document_files
with (security_invoker = true)
as
select
    document_files.business_id,
    document_files.document_id,
    document_files.format,
    'records' as bucket,
    document_files.object_name,
    document_files.bytes,
    document_files.sha256,
    document_files.created_at
from money.document_files;
grant select on public.document_files to authenticated, service_role;

comment on view public.document_files is
'The files of documents. Whoever reads a document makes a link to its file: '
'storage.from(bucket).createSignedUrl(object_name). After ten years a document loses its buyer, '
'and its files are deleted.';
comment on column public.document_files.business_id is 'The business that issued the document.';
comment on column public.document_files.document_id is 'The document.';
comment on column public.document_files.format is
'pdf, or xml for an invoice in the form of EN 16931.';
comment on column public.document_files.bucket is 'The private bucket in which the file lies.';
comment on column public.document_files.object_name is 'The name of the file there.';
comment on column public.document_files.bytes is 'The size of the file.';
comment on column public.document_files.sha256 is 'The SHA-256 of the file, in hexadecimal digits.';
comment on column public.document_files.created_at is 'When it was drawn.';

/*
 * Issue a document about a sale as it is now.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 nothing_to_document
 */
create function public.issue_document(sale_id public.identifier, kind text default 'invoice')
returns public.documents
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_document public.documents;
begin
    kind = coalesce(kind, 'invoice');
    if kind not in ('receipt', 'invoice') then
        perform private.invalid('kind', 'must be receipt or invoice');
    end if;
    v_id = money.request_document(
        private.to_identifier(sale_id, 'sale_id'), kind::money.document_kind
    );
    select documents.* into v_document from public.documents where documents.id = v_id;
    return v_document;
end;
$$;

comment on function public.issue_document is
'Issue a receipt or an invoice for a sale as it is now. It shows what earlier ones of its kind do '
'not; the same call again returns the same document. Credit notes are issued by themselves.

Members issue both, customers ask for invoices of what they bought. kind is receipt or invoice, '
'invoice by default. Returns a row of documents; document_files has its files a moment later.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'nothing_to_document 409.';
grant execute on function public.issue_document(public.identifier, text)
to anon, authenticated, service_role;
