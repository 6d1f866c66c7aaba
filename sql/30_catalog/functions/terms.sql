-- How terms are accepted, and who has not accepted what they must.

/*
 * Return the versions in force of the terms that must be accepted to buy, or to sign up, and that a
 * user or a guest has not accepted, as `slug version n`.
 */
create function catalog.missing_terms(user_id uuid, email text, is_sign_up boolean)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select array_agg(format('%s version %s', in_force.slug, in_force.version))
        from (
            select terms.slug, max(terms_versions.version) as version
            from catalog.terms
            inner join catalog.terms_versions on terms_versions.slug = terms.slug
            where
                case
                    when is_sign_up then terms.is_required_to_sign_up
                    else terms.is_required_to_buy
                end
            group by terms.slug
        ) as in_force
        where not exists (
            select 1
            from catalog.terms_acceptances
            where
                terms_acceptances.slug = in_force.slug
                and terms_acceptances.version = in_force.version
                and (
                    terms_acceptances.user_id = missing_terms.user_id
                    or terms_acceptances.user_id is null
                    and lower(terms_acceptances.email) = lower(missing_terms.email)
                )
        )
    );
end;
$$;

/*
 * Record that a user, or a guest by their address, accepts a version of terms. Accepting again
 * changes nothing. Only the version in force can be accepted.
 * Definer: nobody has a write grant on acceptances; the caller accepts for themselves.
 *
 * Errors:  PT404 not_found · PT409 version_not_in_force
 */
create function catalog.accept_terms(
    user_id uuid, email text, slug text, version integer, locale text
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_in_force constant integer = (
        select max(terms_versions.version)
        from catalog.terms_versions
        where terms_versions.slug = accept_terms.slug
    );
begin
    if v_in_force is null then
        perform private.refuse(
            'PT404', 'not_found', 'There are no such terms.', 'Check the slug in the view terms.'
        );
    end if;
    if v_in_force <> version then
        perform private.refuse(
            'PT409', 'version_not_in_force',
            format('Version %s is in force.', v_in_force),
            'Show the page of that version, and accept it.'
        );
    end if;
    insert into catalog.terms_acceptances (user_id, email, slug, version, locale, accepted_at)
    values (
        accept_terms.user_id,
        case when accept_terms.user_id is null then lower(accept_terms.email) end,
        accept_terms.slug, accept_terms.version, accept_terms.locale, private.now()
    )
    on conflict do nothing;
end;
$$;

/*
 * Refuse somebody who has not accepted what they must.
 *
 * Errors:  PT409 terms_not_accepted
 */
create function catalog.require_terms(user_id uuid, email text, is_sign_up boolean)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_missing constant text[] = catalog.missing_terms(user_id, email, is_sign_up);
begin
    if v_missing is not null then
        perform private.refuse(
            'PT409', 'terms_not_accepted',
            format('Accept the terms first: %s.', array_to_string(v_missing, ', ')),
            'Show the pages of these versions, and call accept_terms.'
        );
    end if;
end;
$$;

/*
 * Set when terms must be accepted.
 * Definer: nobody has a write grant on terms.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function catalog.set_terms_required(slug text, to_sign_up boolean, to_buy boolean)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if not private.is_operator() then
        perform private.require_platform_staff('admin');
    end if;
    update catalog.terms
    set is_required_to_sign_up = to_sign_up, is_required_to_buy = to_buy
    where terms.slug = set_terms_required.slug;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There are no such terms.', 'Check the slug in the view terms.'
        );
    end if;
end;
$$;
