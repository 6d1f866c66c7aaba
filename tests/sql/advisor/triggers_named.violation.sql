create function private.violation() returns trigger language plpgsql set search_path = ''
as 'begin return new; end';
