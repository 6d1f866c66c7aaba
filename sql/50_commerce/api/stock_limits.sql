-- How far stock may be sold beyond what is there.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.set_stock_limits(
    store_id public.identifier,
    variant_id public.identifier,
    backorder_limit public.whole_number default '0',
    alert_threshold public.whole_number default null,
    preorder_limit public.whole_number default '0',
    preorder_until public.instant default null,
    expected_on text default null
)
returns public.inventory_levels
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_store_id constant uuid = private.to_identifier(store_id, 'store_id');
    v_variant_id constant uuid = private.to_identifier(variant_id, 'variant_id');
    v_level public.inventory_levels;
begin
    perform commerce.set_stock_limits(
        v_store_id,
        v_variant_id,
        private.to_whole_number(backorder_limit, 'backorder_limit', 0, 1000000, if_null => 0),
        private.to_whole_number(alert_threshold, 'alert_threshold', 0, 1000000, false),
        private.to_whole_number(preorder_limit, 'preorder_limit', 0, 1000000, if_null => 0),
        private.to_instant(preorder_until, 'preorder_until', false),
        private.to_date(expected_on, 'expected_on')
    );
    select inventory_levels.* into v_level
    from public.inventory_levels
    where inventory_levels.store_id = v_store_id and inventory_levels.variant_id = v_variant_id;
    return v_level;
end;
$$;
comment on function public.set_stock_limits is
'Set how many more pieces than there are may be sold, until when, and when a level alerts. Owners '
'and managers.

Returns the level.

- backorder_limit: pieces; 0 for no back-orders.
- alert_threshold: pieces; when no more are left, one alert is sent until the level recovers. Null '
'for never.
- preorder_limit: pieces that may be ordered until preorder_until, before they come for the first '
'time; together with it.
- preorder_until: an instant.
- expected_on: the date on which missing pieces are expected, for customers to see.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

grant execute on function
public.set_stock_limits(
    public.identifier, public.identifier, public.whole_number, public.whole_number,
    public.whole_number, public.instant, text
)
to anon, authenticated, service_role;
