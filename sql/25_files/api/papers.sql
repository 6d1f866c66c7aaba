-- Papers that a business hands in, and what was decided about it.

create view public.business_documents
with (security_invoker = true)
as
select
    business_documents.id,
    business_documents.business_id,
    business_documents.kind,
    business_documents.media_id,
    business_documents.status,
    business_documents.reviewed_by,
    business_documents.reviewed_at,
    business_documents.reason,
    business_documents.created_at
from business.business_documents;
grant select on public.business_documents to authenticated;
grant select, insert, update, delete on public.business_documents to service_role;

comment on view public.business_documents is
'Documents that verify a business.

Owners and managers hand them in by create_upload and complete_upload, and see their own; the platform''s staff see and review all.';
comment on column public.business_documents.id is 'Primary key.';
comment on column public.business_documents.business_id is 'The business that owns it.';
comment on column public.business_documents.kind is
'registration, identity, license, tax or other.';
comment on column public.business_documents.media_id is
'The file. Its bucket and object_name in the view media are for a signed link to it.';
comment on column public.business_documents.status is 'submitted, accepted or rejected.';
comment on column public.business_documents.reviewed_by is
'The user who decided; null before the decision, or for the operator.';
comment on column public.business_documents.reviewed_at is 'When the decision was made, or null.';
comment on column public.business_documents.reason is 'The reason for the decision, or null.';
comment on column public.business_documents.created_at is 'When it was submitted.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.review_document(
    document_id public.identifier, is_accepted public.yes_no, reason text default null
)
returns public.business_documents
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(review_document.document_id, 'document_id');
    v_is_accepted boolean = private.to_yes_no(review_document.is_accepted, 'is_accepted');
    v_reason text = private.to_text(review_document.reason, 'reason', 1000);
    v_document public.business_documents;
begin
    if review_document.is_accepted is null then
        perform private.invalid('is_accepted', 'is required');
    end if;
    if not v_is_accepted and v_reason is null then
        perform private.invalid('reason', 'is required');
    end if;
    perform business.review_document(v_id, v_is_accepted, v_reason);
    select business_documents.* into strict v_document
    from public.business_documents
    where business_documents.id = v_id;
    return v_document;
end;
$$;
grant execute on function public.review_document(public.identifier, public.yes_no, text)
to anon, authenticated, service_role;

comment on function public.review_document(public.identifier, public.yes_no, text) is
'Accept or reject a submitted document.

Each document is reviewed once, after its file was looked into. For the platform''s staff.

- is_accepted: true or false.
- reason: at most 1000 characters, required to reject.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';
