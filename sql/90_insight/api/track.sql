-- The intake of events.

/*
 * Errors:  PT400 invalid_input
 */
create function public.track(events public.list)
returns integer
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select insight.track(private.to_list(events, 'events', 500));
end;
comment on function public.track is
'Report what a visitor did. Returns how many events were taken.

No account, address or program is stored. A session is stored only with consent, and not at all '
'when the request has Sec-GPC: 1 or DNT: 1; events without a session count, and belong to nobody. '
'Events of programs that visit pages by themselves, of businesses that are not open to the public, '
'older than a day or ahead of the clock are not taken. Nobody has to sign in.

- events: at most 500 of {name, at, business_id, session_id, service_id, product_id, consent}. name '
'is visited, searched, service_viewed, product_viewed, slots_viewed, added_to_cart, '
'checkout_started or paid; only name is required. at is an instant, by default now. session_id is '
'a random UUID that the client makes for one visit. consent is true once the visitor has agreed.

Errors: invalid_input 400.';
grant execute on function public.track(public.list) to anon, authenticated, service_role;
