-- What clients call through the functions of public.
grant execute on function private.start_payment_once(jsonb, bigint, money.payment_wish, text)
to anon, authenticated, service_role;
