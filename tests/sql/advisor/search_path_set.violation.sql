create function private.violation() returns integer language sql as 'select 1';
