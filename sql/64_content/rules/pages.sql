-- What was published never changes, and a sale keeps which terms its buyer had accepted.

create trigger _100_refuse_rewriting
before update or delete on content.page_versions
for each row
when (old.published_at is not null)
execute function private.any__refuse_rewriting();

create trigger _100_refuse_emptying
before truncate on content.page_versions
for each statement
execute function private.any__refuse_rewriting();

/*
 * Refuse to write the text of a version that is published.
 *
 * Errors:  PT409 append_only
 */
create function content.page_texts__keep_published()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1
        from content.page_versions
        where
            (page_versions.page_id, page_versions.version) in (
                (old.page_id, old.version), (new.page_id, new.version)
            )
            and page_versions.published_at is not null
    ) then
        perform private.refuse(
            'PT409', 'append_only', 'A published version never changes.',
            'Save a text, and publish it as the next version.'
        );
    end if;
    return coalesce(new, old);
end;
$$;

create trigger _100_keep_published
before insert or update or delete on content.page_texts
for each row
execute function content.page_texts__keep_published();

create trigger _100_refuse_emptying
before truncate on content.page_texts
for each statement
execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update on content.sale_terms
for each row
execute function private.any__refuse_rewriting();

/*
 * Record with a sale which terms its buyer had accepted. A customer who buys for themselves must
 * have accepted what buying requires; a member who books for somebody is not asked.
 * Definer: the buyer has no rights on acceptances and on sale_terms.
 *
 * Errors:  PT409 terms_not_accepted
 */
create function content.sales__record_terms()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    -- Not a worker or a provider's message, which only finish what the customer began.
    if current_setting('role') in ('anon', 'authenticated') then
        perform catalog.require_terms(placed.customer_id, placed.customer_email, false)
        from placed
        where auth.uid() is null or auth.uid() = placed.customer_id;
    end if;
    insert into content.sale_terms (business_id, sale_id, slug, version)
    select placed.business_id, placed.id, accepted.slug, max(accepted.version)
    from placed
    cross join lateral (
        select terms_acceptances.slug, terms_acceptances.version
        from catalog.terms_acceptances
        where terms_acceptances.user_id = placed.customer_id
        union all
        select terms_acceptances.slug, terms_acceptances.version
        from catalog.terms_acceptances
        where
            placed.customer_id is null
            and terms_acceptances.user_id is null
            and lower(terms_acceptances.email) = lower(placed.customer_email)
    ) as accepted
    group by placed.business_id, placed.id, accepted.slug;
    return null;
end;
$$;

create trigger _300_record_terms
after insert on sales.sales
referencing new table as placed
for each statement
execute function content.sales__record_terms();
