-- Pages as clients read them, and the functions that write them.

create view public.pages
with (security_invoker = true)
as
select
    pages.id,
    pages.business_id,
    pages.slug,
    page_texts.locale,
    page_texts.title,
    page_texts.body,
    page_versions.version,
    page_versions.published_at,
    pages.position,
    pages.is_listed,
    pages.is_terms,
    pages.entitlement
from content.pages
inner join lateral (
    select
        versions.version,
        versions.published_at
    from content.page_versions as versions
    where versions.page_id = pages.id and versions.published_at is not null
    order by versions.version desc
    limit 1
) as page_versions on true
inner join content.page_texts
    on
        pages.id = page_texts.page_id
        and page_versions.version = page_texts.version
where pages.is_active;
grant select on public.pages to anon, authenticated, service_role;

comment on view public.pages is
'The published pages, a row for each language. Everybody reads them; a page that needs an '
'entitlement is readable while the caller has it. Written by save_page and publish_page.';
comment on column public.pages.id is 'Key of the page.';
comment on column public.pages.business_id is 'Whose page it is; null for the platform.';
comment on column public.pages.slug is 'Name in addresses, once in a business or in the platform.';
comment on column public.pages.locale is 'Language of the text.';
comment on column public.pages.title is 'Title, at most 200 characters.';
comment on column public.pages.body is
'Markdown without HTML. Render it with HTML switched off.';
comment on column public.pages.version is 'The version that is shown. It never changes.';
comment on column public.pages.published_at is 'When the version was published.';
comment on column public.pages.position is 'Order of display, ascending.';
comment on column public.pages.is_listed is 'Whether home lists it.';
comment on column public.pages.is_terms is 'Whether its versions are terms that people accept.';
comment on column public.pages.entitlement is
'What a customer of the business must have access to, such as gold_member; null: nothing.';

create view public.page_versions
with (security_invoker = true)
as
select
    pages.id as page_id,
    pages.business_id,
    pages.slug,
    page_versions.version,
    page_texts.locale,
    page_texts.title,
    page_texts.body,
    page_versions.published_at
from content.pages
inner join content.page_versions on pages.id = page_versions.page_id
inner join content.page_texts
    on
        page_versions.page_id = page_texts.page_id
        and page_versions.version = page_texts.version;
grant select on public.page_versions to anon, authenticated, service_role;

comment on view public.page_versions is
'Every version of every page, a row for each language: what was shown and accepted earlier. Those '
'who write a page see its draft as well.';
comment on column public.page_versions.page_id is 'The page.';
comment on column public.page_versions.business_id is 'Whose page it is; null for the platform.';
comment on column public.page_versions.slug is 'Name in addresses.';
comment on column public.page_versions.version is 'The version, counted from 1.';
comment on column public.page_versions.locale is 'Language of the text.';
comment on column public.page_versions.title is 'Title.';
comment on column public.page_versions.body is 'Markdown without HTML.';
comment on column public.page_versions.published_at is 'When it was published; null for a draft.';

create view public.sale_terms
with (security_invoker = true)
as
select
    sale_terms.business_id,
    sale_terms.sale_id,
    sale_terms.slug,
    sale_terms.version
from content.sale_terms;
grant select on public.sale_terms to authenticated, service_role;

comment on view public.sale_terms is
'Which versions of terms the buyer had accepted when a sale was made. Whoever reads the sale reads '
'them.';
comment on column public.sale_terms.business_id is 'The business.';
comment on column public.sale_terms.sale_id is 'The sale of a booking, an order or a membership.';
comment on column public.sale_terms.slug is 'The terms.';
comment on column public.sale_terms.version is 'The version; page_versions has its text.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 append_only
 */
create function public.save_page(
    slug text,
    locale text,
    title text,
    body text,
    business_id public.identifier default null,
    list_position public.whole_number default null,
    is_listed public.yes_no default null,
    is_terms public.yes_no default null,
    entitlement text default null
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_page content.pages;
    v_text content.page_texts;
begin
    v_page.business_id = private.to_identifier(business_id, 'business_id', is_required => false);
    v_page.slug = private.to_required_text(slug, 'slug', 80);
    v_page.position = private.to_whole_number(
        list_position, 'list_position', -1000000, 1000000, is_required => false
    );
    -- Null keeps what is set.
    v_page.is_listed = case
        when is_listed is not null then private.to_yes_no(is_listed, 'is_listed')
    end;
    v_page.is_terms = case
        when is_terms is not null then private.to_yes_no(is_terms, 'is_terms')
    end;
    v_page.entitlement = entitlement;
    v_text.locale = private.to_required_text(locale, 'locale', 35);
    v_text.title = private.to_required_text(title, 'title', 200);
    v_text.body = private.to_required_text(body, 'body', 200000);
    return content.save_page(v_page, v_text);
end;
$$;
comment on function public.save_page is
'Save the draft of a page in one language. Nobody else sees it before publish_page.

The first draft creates the page; each draft after a publication begins with the texts of the last '
'version. For admins of the platform, and for owners and managers of a business. Returns the id of '
'the page.

- slug: name in addresses: lower-case letters, digits and single hyphens.
- locale: language of the text, such as en or de-AT.
- body: Markdown; HTML is refused.
- business_id: whose page; null for the platform.
- list_position, is_listed: where and whether home lists it; null keeps what is set.
- is_terms: whether its versions are terms; only for the platform.
- entitlement: what a customer of the business must have access to, such as gold_member; empty for '
'nothing, null keeps it.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, append_only 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 nothing_to_publish
 *          PT422 too_many_rows
 */
create function public.publish_page(page_id public.identifier)
returns setof public.page_versions
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(page_id, 'page_id');
    v_count bigint;
begin
    perform content.publish_page(v_id);
    return query
    select page_versions.*
    from public.page_versions
    where
        page_versions.page_id = v_id
        and page_versions.version = (
            select max(versions.version)
            from public.page_versions as versions
            where versions.page_id = v_id
        );
    get diagnostics v_count = row_count;
    perform private.require_page(v_count, 'Publish the page in fewer languages.');
end;
$$;
comment on function public.publish_page is
'Publish the draft of a page. The version is shown from now on and never changes.

Returns its texts, a row for each language. The texts of terms can be accepted from now on.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, nothing_to_publish 409, '
'too_many_rows 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 in_use
 */
create function public.take_page_down(page_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform content.take_page_down(private.to_identifier(page_id, 'page_id'));
end;
$$;
comment on function public.take_page_down is
'Take a page down. Its versions stay readable where something refers to them, and publishing the '
'next version shows it again.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, in_use 409.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.page(
    slug text, locale text default null, business_id public.identifier default null
)
returns public.pages
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_business_id constant uuid = private.to_identifier(
        business_id, 'business_id', is_required => false
    );
    v_wanted constant text[] = private.wanted_locales(private.to_text(locale, 'locale', 500));
    v_page public.pages;
begin
    select pages.* into v_page
    from public.pages
    where
        pages.slug = page.slug
        and pages.business_id is not distinct from v_business_id
    order by private.locale_rank(v_wanted, pages.locale), pages.locale
    limit 1;
    if v_page.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such page.', 'Check the slug in the view pages.'
        );
    end if;
    return v_page;
end;
$$;
comment on function public.page is
'Return a published page in the language that suits the caller best.

- slug: of the page.
- locale: the language; without it, the request''s Accept-Language, then English, then any.
- business_id: whose page; null for the platform.

Errors: invalid_input 400, not_found 404.';

grant execute on function
public.save_page(
    text, text, text, text, public.identifier, public.whole_number, public.yes_no, public.yes_no,
    text
),
public.publish_page(public.identifier),
public.take_page_down(public.identifier),
public.page(text, text, public.identifier)
to anon, authenticated, service_role;
