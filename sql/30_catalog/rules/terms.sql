-- Versions and acceptances are proofs: they are added, and never changed. A sign-up carries the
-- versions that it accepts.

create trigger _100_refuse_rewriting
before update or delete on catalog.terms_versions
for each row
execute function private.any__refuse_rewriting();

create trigger _100_refuse_emptying
before truncate on catalog.terms_versions
for each statement
execute function private.any__refuse_rewriting();

/*
 * Record which terms a new user accepted, as the sign-up says in user metadata:
 * {"accepted_terms": [{"slug": "terms-of-service", "version": 3}], "locale": "de"}. Somebody who
 * signs up with a password must accept what a sign-up requires; invited people and those who come
 * from another provider are asked before they buy.
 * Definer: Supabase Auth (supabase_auth_admin) writes users and has no rights here.
 *
 * Errors:  PT409 terms_not_accepted
 */
create function catalog.users__accept_terms()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_accepted constant jsonb = new.raw_user_meta_data -> 'accepted_terms';
    v_locale constant text = coalesce(
        substring(new.raw_user_meta_data ->> 'locale', '^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$'), 'en'
    );
begin
    if jsonb_typeof(v_accepted) = 'array' then
        insert into catalog.terms_acceptances (user_id, slug, version, locale, accepted_at)
        select new.id, terms_versions.slug, terms_versions.version, v_locale, private.now()
        from catalog.terms_versions
        where
            v_accepted @> jsonb_build_array(jsonb_build_object(
                'slug', terms_versions.slug, 'version', terms_versions.version
            ))
        on conflict do nothing;
    end if;
    if coalesce(new.encrypted_password, '') <> '' and not private.is_operator() then
        perform catalog.require_terms(new.id, null, true);
    end if;
    return null;
end;
$$;

create trigger _550_accept_terms
after insert on auth.users
for each row
execute function catalog.users__accept_terms();
