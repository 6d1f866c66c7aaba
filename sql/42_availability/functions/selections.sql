-- How clients say what they want to book: one service each time, with when, whom and what. Every
-- function that takes such arguments reads them here, so that the same words mean the same thing.

/*
 * Make a selection.
 */
create function scheduling.make_selection(
    service_id uuid,
    starts_at timestamptz,
    resource_id uuid,
    party_size integer,
    addon_ids uuid[] default '{}',
    gap_minutes integer default null,
    answers jsonb default null,
    link_token text default null
)
returns scheduling.selection
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_selection scheduling.selection;
begin
    v_selection.service_id = make_selection.service_id;
    v_selection.starts_at = make_selection.starts_at;
    v_selection.gap_minutes = make_selection.gap_minutes;
    v_selection.resource_id = make_selection.resource_id;
    v_selection.addon_ids = make_selection.addon_ids;
    v_selection.party_size = make_selection.party_size;
    v_selection.answers = make_selection.answers;
    v_selection.link_token = make_selection.link_token;
    return v_selection;
end;
$$;

/*
 * Read the size of a party, 1 if none is sent.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_party_size(value text, argument text default 'party_size')
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return private.to_whole_number(value, argument, 1, 1000, if_null => 1);
end;
$$;

/*
 * Read the arguments of a function that books one service.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_selection(
    service_id text,
    starts_at text,
    resource_id text,
    party_size text,
    addon_ids text,
    answers text,
    link_token text default null
)
returns scheduling.selection
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return scheduling.make_selection(
        service_id => private.to_identifier(to_selection.service_id, 'service_id'),
        starts_at => private.to_instant(to_selection.starts_at, 'starts_at'),
        resource_id => private.to_identifier(
            to_selection.resource_id, 'resource_id', is_required => false
        ),
        party_size => scheduling.to_party_size(to_selection.party_size),
        addon_ids => private.to_identifiers(to_selection.addon_ids, 'addon_ids'),
        answers => private.to_object(to_selection.answers, 'answers'),
        link_token => private.to_text(to_selection.link_token, 'link_token', 100)
    );
end;
$$;

/*
 * Read the arguments of a function that shows when a service is free, as a leg without a start.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 link_expired not_bookable
 */
create function scheduling.to_leg(
    service_id text, resource_id text, party_size text, addon_ids text, link_token text
)
returns scheduling.leg
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        scheduling.legs(array[
            scheduling.make_selection(
                service_id => private.to_identifier(to_leg.service_id, 'service_id'),
                starts_at => null,
                resource_id => private.to_identifier(
                    to_leg.resource_id, 'resource_id', is_required => false
                ),
                party_size => scheduling.to_party_size(to_leg.party_size),
                addon_ids => private.to_identifiers(to_leg.addon_ids, 'addon_ids'),
                link_token => private.to_text(to_leg.link_token, 'link_token', 100)
            )
        ])
    )[1];
end;
$$;

/*
 * Read the items of book_many and quote. The first one starts at `starts_at` if it says no time of
 * its own, and `party_size` is for the items that say none.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_selections(
    items text, starts_at timestamptz default null, party_size integer default 1
)
returns scheduling.selection[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_item jsonb;
    v_selections scheduling.selection[] = '{}';
begin
    foreach v_item in array private.to_objects(
        items,
        'items',
        20,
        '{service_id,starts_at,gap_minutes,resource_id,addon_ids,party_size,answers,link_token}'
    ) loop
        v_selections = v_selections || scheduling.to_item(v_item, to_selections.party_size);
    end loop;
    if v_selections = '{}' then
        perform private.invalid('items', 'must not be empty');
    end if;
    v_selections[1].starts_at = coalesce(v_selections[1].starts_at, to_selections.starts_at);
    return v_selections;
end;
$$;

/*
 * Read one item of book_many or quote.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_item(item jsonb, party_size integer)
returns scheduling.selection
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return scheduling.make_selection(
        service_id => private.to_identifier(item ->> 'service_id', 'items.service_id'),
        starts_at => private.to_instant(
            item ->> 'starts_at', 'items.starts_at', is_required => false
        ),
        resource_id => private.to_identifier(
            item ->> 'resource_id', 'items.resource_id', is_required => false
        ),
        party_size => private.to_whole_number(
            item ->> 'party_size', 'items.party_size', 1, 1000, if_null => to_item.party_size
        ),
        addon_ids => private.to_identifiers(item ->> 'addon_ids', 'items.addon_ids'),
        gap_minutes => private.to_whole_number(
            item ->> 'gap_minutes', 'items.gap_minutes', 0, 1440, is_required => false
        ),
        answers => private.to_object(item ->> 'answers', 'items.answers'),
        link_token => private.to_text(item ->> 'link_token', 'items.link_token', 100)
    );
end;
$$;
