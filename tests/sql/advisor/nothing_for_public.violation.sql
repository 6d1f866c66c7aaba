create function private.violation() returns integer language sql set search_path = ''
begin atomic
    select 1;
end;
grant execute on function private.violation() to public;
