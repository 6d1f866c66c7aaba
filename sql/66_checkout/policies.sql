-- What clients call through the functions and views of public.
grant execute on function private.start_payment_once(jsonb, bigint, money.payment_wish, text)
to anon, authenticated, service_role;

-- Each of these finds the cart by its owner alone.
grant execute on function
private.add_to_cart(jsonb, uuid, text, text),
private.update_cart_item(uuid, integer, text),
private.read_cart(text, private.order_form),
private.merge_cart(text),
private.eligible_options(text, jsonb),
private.checkout(commerce.carts, text, text, private.order_form),
private.order_by_list(uuid, text, boolean, uuid),
private.request_wholesale_order(jsonb[], private.order_form, text),
private.decide_wholesale_order(uuid, commerce.order_request_status, text),
private.quote_items(jsonb[], pricing.context, uuid, jsonb)
to anon, authenticated, service_role;
grant execute on function private.priced_items(uuid) to authenticated, service_role;

-- They only read arguments.
grant execute on function
private.to_form(text, text, text, text, text, text, text),
private.to_address_of_order(text),
private.to_wishes(text, text, text),
private.to_texts(text, text, integer, integer),
private.to_payment_wish(text, text, text, text, text),
private.to_wanted_cart(uuid, text, text, jsonb),
private.empty_form()
to anon, authenticated, service_role;
