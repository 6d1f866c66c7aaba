grant execute on function private.my_bookings()
to authenticated, service_role;
