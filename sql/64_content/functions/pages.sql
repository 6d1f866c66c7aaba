-- How pages are written and published, and which text a reader gets.

/*
 * Refuse a caller who may not write pages: of the platform only admins, of a business its owners
 * and managers.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function content.require_writer(business_id uuid)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if business_id is not null then
        perform private.require_member(business_id, 'manage');
    elsif not private.is_operator() then
        perform private.require_platform_staff('admin');
    end if;
end;
$$;

/*
 * Return the page of an id that the caller may write.
 * Definer: it must tell a page of another tenant from one that the caller may only read.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function content.writable_page(page_id uuid)
returns content.pages
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_page content.pages;
begin
    if not private.is_operator() then
        perform private.token_user_id();
    end if;
    select pages.* into v_page
    from content.pages
    where pages.id = writable_page.page_id;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such page.', 'Check the id in the view pages.'
        );
    end if;
    perform content.require_writer(v_page.business_id);
    return v_page;
end;
$$;

/*
 * Return the draft of a page. A new one begins with the texts of the latest version.
 */
create function content.open_draft(page_id uuid)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_latest content.page_versions;
begin
    select page_versions.* into v_latest
    from content.page_versions
    where page_versions.page_id = open_draft.page_id
    order by page_versions.version desc
    limit 1;
    if v_latest.version is not null and v_latest.published_at is null then
        return v_latest.version;
    end if;
    insert into content.page_versions (page_id, version)
    values (open_draft.page_id, coalesce(v_latest.version, 0) + 1);
    insert into content.page_texts (page_id, version, locale, title, body)
    select page_texts.page_id, page_texts.version + 1, page_texts.locale, page_texts.title, page_texts.body
    from content.page_texts
    where
        page_texts.page_id = open_draft.page_id
        and page_texts.version = v_latest.version;
    return coalesce(v_latest.version, 0) + 1;
end;
$$;

/*
 * Save the draft of a page in one language, and how the page is listed. Null keeps what there is.
 * Returns the page.
 * Definer: nobody has a write grant on pages and texts.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function content.save_page(page content.pages, text_of_page content.page_texts)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_page content.pages;
    v_version integer;
begin
    perform content.require_writer(page.business_id);
    insert into content.pages as known (
        business_id, slug, position, is_listed, is_terms, entitlement, created_at
    )
    values (
        page.business_id, page.slug, coalesce(page.position, 0), coalesce(page.is_listed, false),
        coalesce(page.is_terms, false), nullif(page.entitlement, ''), private.now()
    )
    on conflict on constraint pages_slug_unique do update
    set
        position = coalesce(page.position, known.position),
        is_listed = coalesce(page.is_listed, known.is_listed),
        is_terms = coalesce(page.is_terms, known.is_terms),
        entitlement = case when page.entitlement is null then known.entitlement else nullif(page.entitlement, '') end
    returning known.* into v_page;
    v_version = content.open_draft(v_page.id);
    insert into content.page_texts (page_id, version, locale, title, body)
    values (
        v_page.id, v_version, text_of_page.locale, text_of_page.title, text_of_page.body
    )
    on conflict on constraint page_texts_pkey do update
    set title = excluded.title, body = excluded.body;
    return v_page.id;
end;
$$;

/*
 * Publish the draft of a page. It is shown from now on and never changes. A version of terms can
 * be accepted from now on, and must be where they are required.
 * Definer: nobody has a write grant on pages, versions and terms.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 nothing_to_publish
 */
create function content.publish_page(page_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_page content.pages = content.writable_page(page_id);
    v_version integer;
begin
    update content.pages
    set is_active = true
    where pages.id = publish_page.page_id;
    update content.page_versions
    set published_at = private.now(), published_by = auth.uid()
    where page_versions.page_id = publish_page.page_id and page_versions.published_at is null
    returning page_versions.version into v_version;
    if v_version is null then
        perform private.refuse(
            'PT409', 'nothing_to_publish', 'This page has no draft.',
            'Save a text with save_page first.'
        );
    end if;
    if v_page.is_terms then
        insert into catalog.terms (slug) values (v_page.slug) on conflict do nothing;
        insert into catalog.terms_versions (slug, version, published_at)
        values (v_page.slug, v_version, private.now());
    end if;
end;
$$;

/*
 * Take a page down. Its versions stay, and publishing the next one shows it again.
 * Definer: nobody has a write grant on pages.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 in_use
 */
create function content.take_page_down(page_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_page content.pages = content.writable_page(page_id);
begin
    if exists (
        select 1
        from catalog.terms
        where
            v_page.is_terms
            and terms.slug = v_page.slug
            and (terms.is_required_to_sign_up or terms.is_required_to_buy)
    ) then
        perform private.refuse(
            'PT409', 'in_use', 'People must accept these terms.',
            'Call require_terms first, so that nobody must accept them.'
        );
    end if;
    update content.pages
    set is_active = false
    where pages.id = take_page_down.page_id;
end;
$$;
