-- An order that is queued calls the dispatcher, whichever process wrote it. NOTIFY takes a lock of the whole server from its commit on,
-- so that those who call wait for each other: orders are rare, and a payment that queues none does not pass here.
create function sanbiao.call_outbox() returns trigger
  language plpgsql set search_path = sanbiao, pg_temp as $$
begin
  perform pg_notify('sanbiao_outbox', '');
  return null;
end $$;
create trigger call_outbox after insert on sanbiao.control for each statement execute function sanbiao.call_outbox();
