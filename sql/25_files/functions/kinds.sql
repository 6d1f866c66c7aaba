-- Kinds of files and the functions that their domains registered for them. This is the only place
-- that calls those functions.

/*
 * Return a kind of files of a subject.
 *
 * Errors:  PT400 invalid_input
 */
create function files.find_kind(subject text, kind text)
returns files.kinds
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_kind files.kinds;
begin
    select kinds.* into v_kind
    from files.kinds
    where kinds.subject = find_kind.subject and kinds.name = find_kind.kind;
    if v_kind.name is null then
        perform private.invalid(
            case
                when exists (select 1 from files.kinds where kinds.subject = find_kind.subject)
                    then 'kind'
                else 'subject'
            end,
            'must be one that takes files, as docs/files.md lists them'
        );
    end if;
    return v_kind;
end;
$$;

/*
 * Return to whom files of a subject belong, if the caller may add some.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function files.find_place(kind files.kinds, subject_id uuid)
returns files.place
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_place files.place;
begin
    execute format('select (%s($1)).*', kind.place_function) into v_place using subject_id;
    return v_place;
end;
$$;

/*
 * Return the place of a row of a business, if the caller may add files to it. Members who may not
 * are refused as such; for everybody else the row does not exist. `noun` names the row.
 * Definer: it must give a row of another tenant and an absent one the same answer.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function files.place_in_business(business_id uuid, noun text)
returns files.place
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_place files.place;
begin
    if private.is_operator() and business_id is not null
        or business_id in (select private.my_businesses('manage')) then
        v_place.business_id = business_id;
        return v_place;
    end if;
    if not private.is_operator() then
        perform private.token_user_id();
    end if;
    if business_id in (select private.my_businesses('view')) then
        perform private.refuse(
            'PT403', 'forbidden', 'You are not allowed to do this for this business.',
            'Ask an owner of the business for a role with this permission.'
        );
    end if;
    perform private.refuse(
        'PT404', 'not_found', format('There is no such %s.', noun), 'Check the id of the subject.'
    );
    return null;
end;
$$;

/*
 * Return the place of a business's own files.
 * Definer: as files.place_in_business.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function business.place_of_business(subject_id uuid)
returns files.place
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return files.place_in_business(
        (select businesses.id from business.businesses where businesses.id = subject_id),
        'business'
    );
end;
$$;

/*
 * Return the place of a user's own files.
 * Definer: it must give another user's profile and an absent one the same answer.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function identity.place_of_profile(subject_id uuid)
returns files.place
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_place files.place;
begin
    if not private.is_operator() and subject_id <> private.token_user_id()
        or not exists (select 1 from identity.profiles where profiles.id = subject_id) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such profile.', 'Check the id of the subject.'
        );
    end if;
    v_place.owner_id = subject_id;
    return v_place;
end;
$$;

/*
 * Does the caller read the row that public media are about? The policy of its table decides.
 */
create function files.is_readable(subject text, kind text, subject_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_relation constant text = (
        select kinds.relation
        from files.kinds
        where kinds.subject = is_readable.subject and kinds.name = is_readable.kind
    );
    v_is_readable boolean;
begin
    execute format('select exists (select 1 from %s where id = $1)', v_relation)
    into v_is_readable
    using subject_id;
    return v_is_readable;
end;
$$;

/*
 * Does the caller read the row that links a private file to its subject? The policy of that table
 * decides who reads the file, beside those to whom it belongs.
 */
create function files.is_link_readable(subject text, kind text, media_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_links constant text = (
        select kinds.links
        from files.kinds
        where kinds.subject = is_link_readable.subject and kinds.name = is_link_readable.kind
    );
    v_is_readable boolean;
begin
    execute format('select exists (select 1 from %s where media_id = $1)', v_links)
    into v_is_readable
    using media_id;
    return v_is_readable;
end;
$$;

/*
 * Are files of a kind only for those who write to each other?
 */
create function files.is_confidential(subject text, kind text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from files.kinds
        where
            kinds.subject = is_confidential.subject
            and kinds.name = is_confidential.kind
            and kinds.is_confidential
    );
end;
$$;
