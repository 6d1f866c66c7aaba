-- Papers of a wholesale request. They belong to the user who requests, are charged to their quota
-- and lie in a private bucket; the owners and managers of the business read them beside.

/*
 * Return the place of a request's files: the requester, while the business has not decided.
 * Definer: a request of somebody else and an absent one get the same answer.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function commerce.place_of_request(subject_id uuid)
returns files.place
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_place files.place;
begin
    select wholesale_accounts.requested_by into v_place.owner_id
    from commerce.wholesale_accounts
    where
        wholesale_accounts.id = subject_id
        and wholesale_accounts.status = 'requested'
        and (wholesale_accounts.requested_by = auth.uid() or private.is_operator());
    if v_place.owner_id is null then
        if not private.is_operator() then
            perform private.token_user_id();
        end if;
        perform private.refuse(
            'PT404', 'not_found', 'There is no such wholesale request of yours.',
            'Check the id in wholesale_accounts; papers are for a request that waits.'
        );
    end if;
    return v_place;
end;
$$;

/*
 * Link a paper to its request.
 */
create function commerce.hand_in_paper(medium files.media)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into commerce.wholesale_documents (
        media_id, wholesale_account_id, kind, created_at
    )
    values (medium.id, medium.subject_id, medium.kind, private.now());
end;
$$;
