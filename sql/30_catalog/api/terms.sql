-- Terms as clients see and accept them. Their texts are pages.

create view public.terms
with (security_invoker = true)
as
select
    terms.slug,
    terms.is_required_to_sign_up,
    terms.is_required_to_buy,
    in_force.version,
    in_force.published_at
from catalog.terms
inner join lateral (
    select
        terms_versions.version,
        terms_versions.published_at
    from catalog.terms_versions
    where terms_versions.slug = terms.slug
    order by terms_versions.version desc
    limit 1
) as in_force on true;
grant select on public.terms to anon, authenticated, service_role;

comment on view public.terms is
'The terms of the platform and the version of each that is in force. The text is the page of that '
'slug and version.';
comment on column public.terms.slug is 'The slug of its page.';
comment on column public.terms.is_required_to_sign_up is
'Whether a sign-up with a password must accept it.';
comment on column public.terms.is_required_to_buy is
'Whether a customer must accept it before booking, ordering or joining.';
comment on column public.terms.version is 'The version in force.';
comment on column public.terms.published_at is 'Since when it is in force.';

create view public.terms_acceptances
with (security_invoker = true)
as
select
    terms_acceptances.id,
    terms_acceptances.user_id,
    terms_acceptances.slug,
    terms_acceptances.version,
    terms_acceptances.locale,
    terms_acceptances.accepted_at
from catalog.terms_acceptances;
grant select on public.terms_acceptances to authenticated, service_role;

comment on view public.terms_acceptances is
'Which versions of which terms were accepted. Everybody reads their own rows, platform support '
'reads all.';
comment on column public.terms_acceptances.id is 'Key.';
comment on column public.terms_acceptances.user_id is 'Who accepted it; null for a guest.';
comment on column public.terms_acceptances.slug is 'The terms.';
comment on column public.terms_acceptances.version is 'The version.';
comment on column public.terms_acceptances.locale is 'The language in which it was read.';
comment on column public.terms_acceptances.accepted_at is 'When it was accepted.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 version_not_in_force
 */
create function public.accept_terms(
    slug text, version public.whole_number, locale text default 'en', email text default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_user_id constant uuid = case when auth.uid() is not null then private.current_user_id() end;
    v_email constant text = private.to_email(email, 'email');
begin
    if v_user_id is null and v_email is null then
        perform private.invalid('email', 'is required without an account');
    end if;
    perform catalog.accept_terms(
        v_user_id,
        v_email,
        private.to_required_text(slug, 'slug', 80),
        private.to_whole_number(version, 'version', 1, 1000000),
        private.to_required_text(coalesce(locale, 'en'), 'locale', 35)
    );
end;
$$;
comment on function public.accept_terms is
'Accept a version of terms: the one in force, which the caller was shown.

Accepting it again changes nothing. A guest accepts with the e-mail address that a booking proves '
'later.

- slug, version: as in the view terms.
- locale: the language in which it was read.
- email: the address of a guest; ignored for an account.

Errors: invalid_input 400, not_found 404, version_not_in_force 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.require_terms(
    slug text, to_sign_up public.yes_no default 'false', to_buy public.yes_no default 'false'
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform catalog.set_terms_required(
        private.to_required_text(slug, 'slug', 80),
        private.to_yes_no(to_sign_up, 'to_sign_up'),
        private.to_yes_no(to_buy, 'to_buy')
    );
end;
$$;
comment on function public.require_terms is
'Set when terms must be accepted. For admins of the platform.

- to_sign_up: by everybody who signs up with a password.
- to_buy: by every customer before a booking, an order or a membership.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

grant execute on function
public.accept_terms(text, public.whole_number, text, text),
public.require_terms(text, public.yes_no, public.yes_no)
to anon, authenticated, service_role;
