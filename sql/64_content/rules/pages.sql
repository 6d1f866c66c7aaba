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
    if current_setting('role') in ('anon', 'authenticated')
        and (auth.uid() is null or auth.uid() = new.customer_id) then
        perform catalog.require_terms(new.customer_id, new.customer_email, false);
    end if;
    insert into content.sale_terms (business_id, sale_id, slug, version)
    select new.business_id, new.id, terms_acceptances.slug, max(terms_acceptances.version)
    from catalog.terms_acceptances
    where
        terms_acceptances.user_id = new.customer_id
        or new.customer_id is null
        and terms_acceptances.user_id is null
        and lower(terms_acceptances.email) = lower(new.customer_email)
    group by terms_acceptances.slug;
    return null;
end;
$$;

create trigger _300_record_terms
after insert on sales.sales
for each row
execute function content.sales__record_terms();
