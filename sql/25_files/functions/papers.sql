-- The decision about a paper that a business handed in.

/*
 * Accept or reject a submitted document, once. For platform staff.
 * Definer: nobody has an update grant on documents.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function business.review_document(document_id uuid, is_accepted boolean, reason text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_document business.business_documents;
begin
    select business_documents.* into v_document
    from business.business_documents
    where business_documents.id = review_document.document_id
    for update;
    perform business.refuse_reviewer(v_document);
    if v_document.status <> 'submitted' then
        perform business.refuse_step('review', v_document.status::text);
    end if;
    if not exists (
        select 1
        from files.media
        where media.id = v_document.media_id and media.state = 'ready'
    ) then
        perform private.refuse(
            'PT409', 'invalid_transition', 'The file of this document was not looked into yet.',
            'Try again in a moment.'
        );
    end if;

    update business.business_documents
    set
        status = case when review_document.is_accepted then 'accepted' else 'rejected' end
        ::business.document_status,
        reviewed_by = auth.uid(),
        reviewed_at = private.now(),
        reason = review_document.reason
    where business_documents.id = review_document.document_id;
end;
$$;

/*
 * Refuse a caller who may not review a document. Callers who cannot see it get not_found.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function business.refuse_reviewer(document business.business_documents)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_is_reviewer boolean = private.is_operator() or private.is_platform_staff('support');
begin
    if v_is_reviewer and document.id is not null then
        return;
    end if;
    if not v_is_reviewer then
        perform private.token_user_id();
    end if;
    if document.business_id in (select private.my_businesses('manage')) then
        perform private.refuse(
            'PT403', 'forbidden', 'Only the platform''s staff can review documents.',
            'Wait for their decision.'
        );
    end if;
    perform private.refuse(
        'PT404', 'not_found', 'There is no such document.',
        'Check the id in the view business_documents.'
    );
end;
$$;
