-- The transaction that changes a product, a service or a business also writes its entry. Triggers
-- do so once for each statement, so a large import stays fast.

/*
 * Write the entry of a changed business. Its services contain its name, and its products its line
 * of business and its language.
 *
 * Definer: only the owner may call search.write_entries.
 */
create function search.businesses__write_entries()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if tg_op = 'UPDATE' and (old.vertical_id, old.locale) is distinct from (new.vertical_id, new.locale) then
        perform search.write_entries_of_businesses(array[new.id]);
        return null;
    end if;
    perform search.write_entries('business', array[new.id], array[new.id]);
    if tg_op = 'UPDATE' and (old.name, old.is_verified) is distinct from (new.name, new.is_verified) then
        perform search.write_entries(
            'service', array[new.id],
            array(select services.id from catalog.services where services.business_id = new.id)
        );
    end if;
    return null;
end;
$$;

create trigger _810_write_entries
after insert or update of
name, description, vertical_id, locale, is_verified, latitude, longitude
on business.businesses
for each row
execute function search.businesses__write_entries();

/*
 * Write the entries of the services that a statement changed.
 *
 * Definer: only the owner may call search.write_entries.
 */
create function search.services__write_entries()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform search.write_entries(
        'service',
        array(select distinct changed.business_id from changed order by changed.business_id),
        array(select changed.id from changed)
    );
    return null;
end;
$$;

create trigger _810_write_entries_of_new
after insert on catalog.services
referencing new table as changed
for each statement execute function search.services__write_entries();

create trigger _810_write_entries_of_changed
after update on catalog.services
referencing new table as changed
for each statement execute function search.services__write_entries();

create trigger _810_write_entries_of_old
after delete on catalog.services
referencing old table as changed
for each statement execute function search.services__write_entries();

/*
 * Write the entries of the services in the categories that a statement changed.
 *
 * Definer: only the owner may call search.write_entries.
 */
create function search.service_categories__write_entries()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform search.write_entries(
        'service',
        array(select distinct changed.business_id from changed order by changed.business_id),
        array(
            select services.id
            from changed
            inner join catalog.services
                on
                    services.business_id = changed.business_id
                    and services.category_id = changed.id
        )
    );
    return null;
end;
$$;

create trigger _810_write_entries_of_changed
after update on catalog.service_categories
referencing new table as changed
for each statement execute function search.service_categories__write_entries();

/*
 * Write the entries of everything that a business sells after its synonyms changed.
 *
 * Definer: only the owner may call search.write_entries.
 */
create function search.synonyms__write_entries()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform search.write_entries_of_businesses(
        array(select distinct changed.business_id from changed order by changed.business_id)
    );
    return null;
end;
$$;

create trigger _010_refuse_bad_input
before insert or update on search.synonyms
for each row execute function business.any__refuse_bad_input('manage');

create trigger _810_write_entries_of_new
after insert on search.synonyms
referencing new table as changed
for each statement execute function search.synonyms__write_entries();

create trigger _810_write_entries_of_changed
after update on search.synonyms
referencing new table as changed
for each statement execute function search.synonyms__write_entries();

create trigger _810_write_entries_of_old
after delete on search.synonyms
referencing old table as changed
for each statement execute function search.synonyms__write_entries();

/*
 * Write the ratings of the entries whose totals changed.
 *
 * Definer: nobody else writes entries.
 */
create function search.rating_totals__write_entries()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update search.entries
    set rating = search.rating_of(entries.business_id, entries.subject_id)
    from changed
    where
        changed.aspect = ''
        and entries.business_id = changed.business_id
        and entries.kind::text = changed.subject::text
        and entries.subject_id = changed.subject_id;
    return null;
end;
$$;

create trigger _810_write_entries_of_new
after insert on reviews.rating_totals
referencing new table as changed
for each statement execute function search.rating_totals__write_entries();

create trigger _810_write_entries_of_changed
after update on reviews.rating_totals
referencing new table as changed
for each statement execute function search.rating_totals__write_entries();
